/* fuzz_json.c: the JSON scanner must neither crash nor lend a value that does not stand for itself. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact) {
    if (!fact)
        abort();
}

static void check_string(kp_json value) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    must(kp_json_string(value, &text));
    must(kp_utf8_valid(kp_buf_text(&text), text.len));
    must(kp_json_is(value, kp_buf_text(&text)));
    kp_buf_free(&text);
}

static void check_name(kp_json object, kp_json name, kp_json value) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    must(kp_json_string(name, &text));
    must(kp_json_get(object, kp_buf_text(&text)).raw == value.raw);
    kp_buf_free(&text);
}

/* Recursion is bounded: the scanner checked the depth. */
static void check_value(kp_json value) {
    int64_t number;
    must(value.type != KP_JSON_NONE && value.len > 0);
    if (value.type == KP_JSON_STRING)
        check_string(value);
    kp_json_i64(value, &number);
    kp_json name;
    kp_json member;
    size_t at = 0;
    for (size_t i = 0; kp_json_next(value, &at, &name, &member); i++) {
        must(member.raw > value.raw && member.raw + member.len < value.raw + value.len);
        if (value.type == KP_JSON_OBJECT && i < 100)
            check_name(value, name, member);
        check_value(member);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *problem = NULL;
    kp_json root = kp_json_parse((const char *)data, size, &problem);
    must((root.type == KP_JSON_NONE) == (problem != NULL));
    if (root.type == KP_JSON_NONE)
        return 0;
    must(kp_utf8_valid((const char *)data, size));
    kp_json again = kp_json_parse(root.raw, root.len, NULL);
    must(again.type == root.type && again.raw == root.raw && again.len == root.len);
    check_value(root);
    return 0;
}
