/* error.c: looks codes up in the one table. */
#include "base/error.h"

#include <string.h>

#include "base/text.h"
#include "keyplate.h"

static const kp_error_row rows[] = {
#define X(number, symbol, origin, wire, name, class_, taken, first_ms, most_ms, text, advice)                          \
    {number, origin, wire, name, class_, taken, first_ms, most_ms, text, advice},
#include "base/error_list.h"
#undef X
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static const kp_error_row none = {KP_OK, KP_OWN, 0, "ok", KP_CLASS_NONE, KP_NOT_TAKEN, 0, 0, "no error", ""};
static const kp_error_row stranger = {
    -1, KP_OWN, 0, "?", KP_CLASS_UNKNOWN, KP_MAYBE_TAKEN, 0, 0, "this number is no error code", "Compare versions."};

const kp_error_row *kp_error_find(int code) {
    if (code == KP_OK)
        return &none;
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].code == code)
            return &rows[i];
    return &stranger;
}

const kp_error_row *kp_error_row_at(size_t i) {
    return i < ROWS ? &rows[i] : NULL;
}

static const char prefix[] = "ERROR_";

/* NoCaptchaAI writes some words with and some without ERROR_, so both forms are one word. */
static void skip_prefix(const char **word, size_t *len) {
    size_t n = sizeof prefix - 1;
    if (*len > n && memcmp(*word, prefix, n) == 0) {
        *word += n;
        *len -= n;
    }
}

int kp_error_of_word(kp_origin origin, const char *word, size_t len) {
    if (!word || len == 0)
        return KP_E_UNKNOWN_CODE;
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].origin == origin && kp_same_n(word, len, rows[i].name))
            return rows[i].code;
    if (origin == KP_CAPTCHAAI && kp_same_n(word, len, "CAPTCHA_NOT_READY"))
        return KP_E_C_CAPCHA_NOT_READY;
    skip_prefix(&word, &len);
    for (size_t i = 0; i < ROWS; i++) {
        const char *name = rows[i].name;
        size_t name_len = strlen(name);
        skip_prefix(&name, &name_len);
        if (rows[i].origin == origin && name_len == len && memcmp(name, word, len) == 0)
            return rows[i].code;
    }
    return KP_E_UNKNOWN_CODE;
}

int kp_error_of_number(kp_origin origin, int number) {
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].origin == origin && rows[i].wire == number && number != 0)
            return rows[i].code;
    return KP_E_UNKNOWN_CODE;
}

const char *kp_class_name(kp_class cls) {
    switch (cls) {
    case KP_CLASS_NONE: return "none";
    case KP_CLASS_USAGE: return "usage";
    case KP_CLASS_INPUT: return "input";
    case KP_CLASS_KEY: return "key";
    case KP_CLASS_FUNDS: return "funds";
    case KP_CLASS_ADDRESS: return "address";
    case KP_CLASS_BUSY: return "busy";
    case KP_CLASS_QUOTA: return "quota";
    case KP_CLASS_TASK: return "task";
    case KP_CLASS_PENDING: return "pending";
    case KP_CLASS_NETWORK: return "network";
    case KP_CLASS_PROTOCOL: return "protocol";
    case KP_CLASS_SERVER: return "server";
    case KP_CLASS_TIMEOUT: return "timeout";
    case KP_CLASS_LIMIT: return "limit";
    case KP_CLASS_STORE: return "store";
    case KP_CLASS_CANCELLED: return "cancelled";
    case KP_CLASS_UNKNOWN: return "unknown";
    case KP_CLASS_INTERNAL: return "internal";
    }
    return "unknown";
}

const char *kp_error_name(int code) {
    return kp_error_find(code)->name;
}

const char *kp_error_class(int code) {
    return kp_class_name(kp_error_find(code)->cls);
}

const char *kp_error_text(int code) {
    return kp_error_find(code)->text;
}

const char *kp_error_advice(int code) {
    return kp_error_find(code)->advice;
}

int kp_error_at(size_t i) {
    const kp_error_row *row = kp_error_row_at(i);
    return row ? row->code : KP_OK;
}
