/* param_check.c: checks the value of one parameter against its type. */
#include "wire/param_check.h"

#include <string.h>

#include "base/decimal.h"
#include "base/text.h"
#include "base/url.h"

static int refuse(const kp_param *param, const char *must, kp_buf *problem) {
    kp_buf_fmt(problem, "the parameter %s %s", param->name, must);
    return KP_E_PARAMETER;
}

static int check_url(const kp_param *param, const char *text, size_t len, kp_buf *problem) {
    kp_url url;
    if (kp_url_parse(text, len, &url))
        return KP_OK;
    return refuse(param, "must be an absolute URL that begins with http:// or https://", problem);
}

/* A form has no booleans, and a service that counts "true" as a number would read 0: only JSON may say it in letters.
 */
static int check_flag(const kp_param *param, const char *text, size_t len, bool to_json, kp_buf *problem) {
    if (kp_same_n(text, len, "0") || kp_same_n(text, len, "1"))
        return KP_OK;
    if (to_json && (kp_same_n(text, len, "true") || kp_same_n(text, len, "false")))
        return KP_OK;
    return refuse(param, to_json ? "must be true or false" : "must be 0 or 1", problem);
}

static int check_int(const kp_param *param, const char *text, size_t len, kp_buf *problem) {
    int64_t value;
    if (kp_parse_i64(text, len, &value) && value >= param->low && value <= param->high)
        return KP_OK;
    kp_buf_fmt(problem, "the parameter %s must be a whole number from %d to %d", param->name, param->low, param->high);
    return KP_E_PARAMETER;
}

static int check_decimal(const kp_param *param, kp_json_type type, const char *text, size_t len, kp_buf *problem) {
    const int64_t micro = 1000000;
    int64_t value;
    bool known = type == KP_JSON_NUMBER ? kp_parse_micro_json(text, len, &value) : kp_parse_micro(text, len, &value);
    if (known && value >= param->low * micro && value <= param->high * micro)
        return KP_OK;
    kp_buf_fmt(problem, "the parameter %s must be a number from %d to %d", param->name, param->low, param->high);
    return KP_E_PARAMETER;
}

/* Both are len characters long; clients write "http" and "HTTP". */
static bool same_letters(const char *a, const char *b, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (kp_lower(a[i]) != kp_lower(b[i]))
            return false;
    return true;
}

static int check_word(const kp_param *param, const char *text, size_t len, kp_buf *problem) {
    for (const char *word = param->words; word;) {
        const char *end = strchr(word, '|');
        size_t word_len = end ? (size_t)(end - word) : strlen(word);
        if (word_len == len && same_letters(word, text, len))
            return KP_OK;
        word = end ? end + 1 : NULL;
    }
    kp_buf_fmt(problem, "the parameter %s must be one of %s", param->name, param->words);
    return KP_E_PARAMETER;
}

static int check_image(const kp_param *param, const char *text, size_t len, kp_buf *problem) {
    if (len >= 5 && kp_same_nocase(text, 5, "data:"))
        return refuse(param, "must be base64 alone: give the part behind the comma of the data: URL", problem);
    if (len == 0)
        return refuse(param, "is empty; it must be an image in base64", problem);
    if (len > (KP_IMAGE_MAX + 2) / 3 * 4) {
        kp_buf_fmt(problem, "the image in the parameter %s is larger than 1 MiB", param->name);
        return KP_E_TOO_BIG;
    }
    kp_buf image;
    kp_buf_init(&image, NULL);
    bool valid = kp_decode_base64(&image, text, len);
    size_t size = image.len;
    bool failed = image.failed;
    kp_buf_free(&image);
    if (failed)
        return KP_E_MEMORY;
    if (!valid)
        return refuse(param, "must be base64 with its padding, without blanks and line ends", problem);
    if (size > KP_IMAGE_MAX) {
        kp_buf_fmt(problem, "the image in the parameter %s is larger than 1 MiB", param->name);
        return KP_E_TOO_BIG;
    }
    return KP_OK;
}

int kp_param_check(const kp_param *param, kp_json_type type, const char *text, size_t len, bool to_json,
                   kp_buf *problem) {
    if (!param || !text)
        return KP_E_MISUSE;
    if (param->type == KP_VALUE_TEXT)
        return KP_OK;
    if (type == KP_JSON_ARRAY || type == KP_JSON_OBJECT)
        return refuse(param, "must be a single value, not a list or an object", problem);
    bool boolean = type == KP_JSON_TRUE || type == KP_JSON_FALSE;
    if (boolean && param->type != KP_VALUE_FLAG)
        return refuse(param, "must not be true or false", problem);
    switch (param->type) {
    case KP_VALUE_TEXT: break;
    case KP_VALUE_URL: return check_url(param, text, len, problem);
    case KP_VALUE_FLAG: return check_flag(param, text, len, to_json, problem);
    case KP_VALUE_INT: return check_int(param, text, len, problem);
    case KP_VALUE_DECIMAL: return check_decimal(param, type, text, len, problem);
    case KP_VALUE_WORD: return check_word(param, text, len, problem);
    case KP_VALUE_IMAGE: return check_image(param, text, len, problem);
    case KP_VALUE_FILE: return refuse(param, "is the upload; give its bytes as the file of the task", problem);
    }
    return KP_OK;
}
