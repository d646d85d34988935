/* redact_case.h: what tests of redaction compare with. */
#ifndef REDACT_CASE_H
#define REDACT_CASE_H

#include <string.h>

#include "base/text.h"
#include "chance.h"
#include "wire/redact.h"

static inline void redact_compare(const char *got, size_t got_len, const char *wanted, size_t wanted_len) {
    if (got_len == wanted_len)
        assert_memory_equal(got, wanted, wanted_len);
    else
        assert_string_equal(got, wanted);
    assert_int_equal(got_len, wanted_len);
}

/* Whole. */
static inline void assert_redacted_by(kp_bare_hex bare, const char *text, size_t len, const char *wanted,
                                      size_t wanted_len) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_redact_text(&out, bare, text, len);
    assert_false(out.failed);
    redact_compare(kp_buf_text(&out), out.len, wanted, wanted_len);
    kp_buf_free(&out);
}

static inline void assert_redacted(const char *text, const char *wanted) {
    assert_redacted_by(KP_BARE_ALWAYS, text, strlen(text), wanted, strlen(wanted));
}

static inline void assert_kept(const char *text, size_t len) {
    assert_redacted_by(KP_BARE_ALWAYS, text, len, text, len);
}

/* One part; the result goes behind out. */
static inline int redact_part(kp_redact *r, const char *text, size_t len, int final, kp_buf *out) {
    const char *shown = NULL;
    size_t shown_len = 0;
    int result = kp_redact_feed(r, text, len, final, &shown, &shown_len);
    if (result >= 0)
        kp_buf_add(out, shown, shown_len);
    return result;
}

/* Random letters and digits, "k" at both ends; not hex. */
static inline void random_key(chance *c, char *out, size_t len) {
    static const char letters[] = "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (size_t i = 0; i < len; i++)
        out[i] = letters[chance_below(c, sizeof letters - 1)];
    out[0] = out[len - 1] = 'k';
    out[len] = '\0';
}

#endif
