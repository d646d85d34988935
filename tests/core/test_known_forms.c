/* test_known_forms.c: a known secret of any shape is masked in each of its forms. */
#include "safe/known_forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "made_key.h"

enum { KEYS = 60 };

static key next_key(size_t i) {
    if (i % 7 == 6)
        return make_uuid_key();
    return make_key((unsigned)(i % 7), i < 7 ? 12 : i < 14 ? 32 : i < 21 ? LONGEST : 12 + below(LONGEST - 11));
}

/* The form is masked alone, inside a line, and twice in a row. */
static void assert_form(const kp_buf *form) {
    static kp_buf line;
    const char *text = kp_buf_text(form);
    assert_false(form->failed);
    assert_masked(text, "[REDACTED]");
    kp_buf_clear(&line);
    kp_buf_fmt(&line, "a line (%s) of text", text);
    assert_masked(kp_buf_text(&line), "a line ([REDACTED]) of text");
    kp_buf_clear(&line);
    kp_buf_fmt(&line, "<%s|%s>", text, text);
    assert_masked(kp_buf_text(&line), "<[REDACTED]|[REDACTED]>");
}

static void add_hex_digits(kp_buf *b, unsigned value, int digits) {
    while (digits-- > 0)
        kp_buf_char(b, (below(2) ? "0123456789abcdef" : "0123456789ABCDEF")[value >> (4 * digits) & 15]);
}

static void add_percent_or_not(kp_buf *b, const key *k) {
    for (size_t i = 0; i < k->len; i++)
        if (below(2))
            kp_buf_char(b, k->text[i]);
        else {
            kp_buf_char(b, '%');
            add_hex_digits(b, (unsigned char)k->text[i], 2);
        }
}

static void add_json_or_not(kp_buf *b, const key *k) {
    for (size_t i = 0; i < k->len; i++) {
        char c = k->text[i];
        if (strchr("\"\\/", c) && below(2)) {
            kp_buf_char(b, '\\');
            kp_buf_char(b, c);
        } else if (c == '"' || c == '\\' || below(2)) {
            kp_buf_str(b, "\\u");
            add_hex_digits(b, (unsigned char)c, 4);
        } else
            kp_buf_char(b, c);
    }
}

static void check_plain(const key *k) {
    kp_buf form = {0};
    for (int which = 0; which < 3; which++) {
        kp_buf_clear(&form);
        add_in_case(&form, k->text, k->len, which);
        assert_form(&form);
    }
    kp_buf_free(&form);
}

static void check_percent(const key *k) {
    kp_buf form = {0};
    kp_add_percent(&form, k->text, k->len);
    assert_form(&form);
    for (int i = 0; i < 5; i++) {
        kp_buf_clear(&form);
        add_percent_or_not(&form, k);
        assert_form(&form);
    }
    kp_buf_free(&form);
}

static void check_hex(const key *k) {
    kp_buf hex = {0};
    kp_add_hex(&hex, k->text, k->len);
    kp_buf form = {0};
    for (int which = 0; which < 3; which++) {
        kp_buf_clear(&form);
        add_in_case(&form, kp_buf_text(&hex), hex.len, which);
        assert_form(&form);
    }
    kp_buf_free(&hex);
    kp_buf_free(&form);
}

static void check_json(const key *k) {
    kp_buf form = {0};
    kp_add_json(&form, k->text, k->len);
    kp_buf inside = {0};
    kp_buf_add(&inside, form.data + 1, form.len - 2);
    assert_form(&inside);
    for (int i = 0; i < 5; i++) {
        kp_buf_clear(&form);
        add_json_or_not(&form, k);
        assert_form(&form);
    }
    kp_buf_free(&form);
    kp_buf_free(&inside);
}

static void check_base64_alone(const key *k) {
    kp_buf form = {0};
    kp_buf escaped = {0};
    for (int url = 0; url < 2; url++) {
        kp_buf_clear(&form);
        kp_add_base64(&form, k->text, k->len, url);
        assert_form(&form);
        kp_buf_clear(&escaped);
        kp_add_percent(&escaped, form.data, form.len);
        assert_form(&escaped);
    }
    kp_buf_free(&form);
    kp_buf_free(&escaped);
}

/* In a longer base64 text exactly those characters go that only the key decides. */
static void check_base64_inside(const key *k) {
    for (size_t before = 0; before < 7; before++)
        for (int url = 0; url < 2; url++) {
            kp_buf raw = {0};
            kp_buf text = {0};
            kp_buf expected = {0};
            for (size_t i = 0; i < before; i++)
                kp_buf_char(&raw, (char)below(256));
            kp_buf_add(&raw, k->text, k->len);
            kp_buf_str(&raw, "\xff and what follows");
            kp_add_base64(&text, raw.data, raw.len, url);
            size_t first = (before * 8 + 5) / 6;
            size_t end = (before + k->len) * 8 / 6;
            kp_buf_add(&expected, text.data, first);
            kp_buf_str(&expected, KP_MASK_TEXT);
            kp_buf_add(&expected, text.data + end, text.len - end);
            assert_masked(text.data, expected.data);
            kp_buf_free(&raw);
            kp_buf_free(&text);
            kp_buf_free(&expected);
        }
}

static void r2_every_form_of_keys_of_many_shapes(void **state) {
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        key k = next_key(i);
        size_t before = kp_known_count();
        assert_true(kp_known_add(k.text, k.len));
        assert_int_equal(kp_known_count(), before + 1);
        check_plain(&k);
        check_percent(&k);
        check_hex(&k);
        check_json(&k);
        check_base64_alone(&k);
        check_base64_inside(&k);
    }
}

/* The texts of the forms fill the room and no more, whatever the length. */
static void forms_stay_in_their_room(void **state) {
    (void)state;
    for (size_t len = 1; len <= LONGEST; len++) {
        key k = make_key(1, len);
        char room[LONGEST * 8];
        kp_forms forms;
        memset(room, '\n', sizeof room);
        kp_forms_make(&forms, room, k.text, len);
        for (size_t i = kp_forms_room(len); i < sizeof room; i++)
            assert_int_equal(room[i], '\n');
        for (int kind = 0; kind < KP_FORM_COUNT; kind++) {
            assert_in_range(forms.form[kind].len, forms.form[kind].sure, forms.form[kind].sure + 1);
            assert_int_equal(kp_forms_match(&forms, forms.form[kind].text, forms.form[kind].len), forms.form[kind].len);
        }
    }
}

/* In a block of just that size, so that a checker of memory sees whoever reads on. */
static void a_form_cut_anywhere_is_not_read_past_its_end(void **state) {
    (void)state;
    key k = make_key(4, 40);
    assert_true(kp_known_add(k.text, k.len));
    kp_buf escaped[2] = {{0}, {0}};
    for (size_t i = 0; i < k.len; i++) {
        kp_buf_fmt(&escaped[0], "%%%02X", (unsigned)k.text[i]);
        kp_buf_fmt(&escaped[1], "\\u%04x", (unsigned)k.text[i]);
    }
    for (size_t form = 0; form < 2; form++) {
        for (size_t len = 0; len < escaped[form].len; len++) {
            char *cut = kp_alloc(len);
            memcpy(cut, escaped[form].data, len);
            assert_untouched(cut, len);
            kp_free(cut);
        }
        assert_form(&escaped[form]);
        kp_buf_free(&escaped[form]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r2_every_form_of_keys_of_many_shapes),
        cmocka_unit_test(forms_stay_in_their_room),
        cmocka_unit_test(a_form_cut_anywhere_is_not_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
