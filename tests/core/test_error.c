/* test_error.c: tests the table of errors and error.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/text.h"
#include "keyplate.h"

static void numbers_are_unique_and_in_their_ranges(void **state) {
    (void)state;
    static const int first[] = {1, 200, 400};
    size_t count = 0;
    for (const kp_error_row *row; (row = kp_error_row_at(count)) != NULL; count++) {
        assert_in_range(row->code, first[row->origin], first[row->origin] + (row->origin == KP_OWN ? 198 : 199));
        assert_ptr_equal(kp_error_find(row->code), row);
        assert_int_equal(kp_error_at(count), row->code);
        for (size_t i = 0; i < count; i++)
            assert_int_not_equal(kp_error_row_at(i)->code, row->code);
    }
    assert_true(count > 50);
    assert_int_equal(kp_error_at(count), KP_OK);
    assert_null(kp_error_row_at(SIZE_MAX));
}

static const char *bare(const char *name) {
    return kp_starts(name, "ERROR_") ? name + strlen("ERROR_") : name;
}

static void names_are_unique_per_origin(void **state) {
    (void)state;
    const kp_error_row *a, *b;
    for (size_t i = 0; (a = kp_error_row_at(i)) != NULL; i++) {
        assert_true(a->name && a->name[0]);
        for (size_t j = 0; j < i && (b = kp_error_row_at(j)) != NULL; j++)
            if (a->origin == b->origin && strcmp(bare(a->name), bare(b->name)) == 0)
                fail_msg("%s twice", a->name);
    }
}

static void every_row_has_text_and_advice(void **state) {
    (void)state;
    const kp_error_row *row;
    for (size_t i = 0; (row = kp_error_row_at(i)) != NULL; i++) {
        size_t text = strlen(row->text);
        size_t advice = strlen(row->advice);
        if (text == 0 || row->text[text - 1] == '.' || advice == 0 || row->advice[advice - 1] != '.')
            fail_msg("%s", row->name);
        assert_int_not_equal(row->cls, KP_CLASS_NONE);
        assert_string_equal(kp_error_name(row->code), row->name);
        assert_string_equal(kp_error_text(row->code), row->text);
        assert_string_equal(kp_error_advice(row->code), row->advice);
        assert_string_equal(kp_error_class(row->code), kp_class_name(row->cls));
        assert_true(row->first_ms <= row->most_ms);
        assert_int_equal(row->first_ms == 0, row->most_ms == 0);
    }
}

/* What decides whether a paid submit may be sent again. */
static void only_certain_refusals_are_not_taken(void **state) {
    (void)state;
    const kp_error_row *row;
    for (size_t i = 0; (row = kp_error_row_at(i)) != NULL; i++) {
        switch (row->cls) {
        case KP_CLASS_BUSY:
        case KP_CLASS_KEY:
        case KP_CLASS_FUNDS:
        case KP_CLASS_ADDRESS:
        case KP_CLASS_QUOTA:
            if (row->taken != KP_NOT_TAKEN)
                fail_msg("%s", row->name);
            break;
        case KP_CLASS_SERVER:
        case KP_CLASS_PROTOCOL:
        case KP_CLASS_NETWORK:
        case KP_CLASS_TIMEOUT:
        case KP_CLASS_UNKNOWN:
        case KP_CLASS_INTERNAL:
        case KP_CLASS_TASK:
            if (row->taken != KP_MAYBE_TAKEN)
                fail_msg("%s", row->name);
            break;
        default: break;
        }
    }
}

static void words_with_and_without_prefix(void **state) {
    (void)state;
    const kp_error_row *row;
    for (size_t i = 0; (row = kp_error_row_at(i)) != NULL; i++) {
        if (row->origin == KP_OWN)
            continue;
        char word[120] = "ERROR_";
        const char *name = bare(row->name);
        strcat(word, name);
        assert_int_equal(kp_error_of_word(row->origin, word, strlen(word)), row->code);
        assert_int_equal(kp_error_of_word(row->origin, name, strlen(name)), row->code);
        assert_int_equal(kp_error_of_word(row->origin, word, strlen(word) - 1), KP_E_UNKNOWN_CODE);
        strcat(word, "S");
        assert_int_equal(kp_error_of_word(row->origin, word, strlen(word)), KP_E_UNKNOWN_CODE);
        assert_int_equal(kp_error_of_word(row->origin, word, strlen(word) - 1), row->code);
    }
}

static int of(kp_origin origin, const char *word) {
    return kp_error_of_word(origin, word, strlen(word));
}

static void p6_unknown_words(void **state) {
    (void)state;
    assert_int_equal(of(KP_CAPTCHAAI, "ERROR_SOMETHING_NEW"), KP_E_UNKNOWN_CODE);
    assert_int_equal(of(KP_NOCAPTCHAAI, "ERROR_SOMETHING_NEW"), KP_E_UNKNOWN_CODE);
    assert_int_equal(of(KP_CAPTCHAAI, "ERROR_"), KP_E_UNKNOWN_CODE);
    assert_int_equal(of(KP_CAPTCHAAI, ""), KP_E_UNKNOWN_CODE);
    assert_int_equal(kp_error_of_word(KP_CAPTCHAAI, NULL, 5), KP_E_UNKNOWN_CODE);
    assert_int_equal(of(KP_CAPTCHAAI, "error_zero_balance"), KP_E_UNKNOWN_CODE);
    assert_int_equal(of(KP_CAPTCHAAI, "ERROR_ERROR_ZERO_BALANCE"), KP_E_UNKNOWN_CODE);
    assert_int_equal(of(KP_NOCAPTCHAAI, "IP_BANNED"), KP_E_UNKNOWN_CODE); /* a word of the other service */
    assert_int_equal(kp_error_of_word(KP_CAPTCHAAI, "ZERO_BALANCE\0", 13), KP_E_UNKNOWN_CODE);
    assert_string_equal(kp_error_class(KP_E_UNKNOWN_CODE), "unknown");
}

static void words_of_each_service(void **state) {
    (void)state;
    assert_int_equal(of(KP_CAPTCHAAI, "ERROR_ZERO_BALANCE"), KP_E_C_ZERO_BALANCE);
    assert_int_equal(of(KP_CAPTCHAAI, "CAPCHA_NOT_READY"), KP_E_C_CAPCHA_NOT_READY);
    assert_int_equal(of(KP_CAPTCHAAI, "CAPTCHA_NOT_READY"), KP_E_C_CAPCHA_NOT_READY);
    assert_int_equal(of(KP_CAPTCHAAI, "IP_BANNED"), KP_E_C_IP_BANNED);
    assert_int_equal(of(KP_NOCAPTCHAAI, "ZERO_BALANCE"), KP_E_N_ZERO_BALANCE);
    assert_int_equal(of(KP_NOCAPTCHAAI, "ERROR_RATE_LIMITED"), KP_E_N_RATE_LIMITED);
}

static void numbers_on_the_wire(void **state) {
    (void)state;
    const kp_error_row *row;
    for (size_t i = 0; (row = kp_error_row_at(i)) != NULL; i++)
        if (row->wire != 0)
            assert_int_equal(kp_error_of_number(row->origin, row->wire), row->code);
    assert_int_equal(kp_error_of_number(KP_NOCAPTCHAAI, 1), KP_E_N_KEY_DOES_NOT_EXIST);
    assert_int_equal(kp_error_of_number(KP_NOCAPTCHAAI, 21), KP_E_N_SERVICE_UNAVAILABLE);
    static const int none[] = {0, -1, 4, 99, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(kp_error_of_number(KP_NOCAPTCHAAI, none[i]), KP_E_UNKNOWN_CODE);
    assert_int_equal(kp_error_of_number(KP_CAPTCHAAI, 1), KP_E_UNKNOWN_CODE);
}

static void numbers_that_are_no_code(void **state) {
    (void)state;
    assert_string_equal(kp_error_class(KP_OK), "none");
    assert_string_equal(kp_error_name(KP_OK), "ok");
    static const int none[] = {-1, 150, 399, 100000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_non_null(kp_error_find(none[i]));
        assert_string_equal(kp_error_class(none[i]), "unknown");
        assert_true(kp_error_find(none[i])->taken == KP_MAYBE_TAKEN);
    }
}

/* These can be the answer to a poll and to a submit. */
static void advice_of_failed_tasks_tells_of_the_charge(void **state) {
    (void)state;
    static const int codes[] = {KP_E_C_CAPTCHA_UNSOLVABLE, KP_E_N_CAPTCHA_UNSOLVABLE, KP_E_N_TASK_FAILED};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_non_null(strstr(kp_error_advice(codes[i]), "counts as spent"));
}

static void class_names(void **state) {
    (void)state;
    for (int i = KP_CLASS_NONE; i <= KP_CLASS_INTERNAL; i++)
        for (int j = KP_CLASS_NONE; j < i; j++)
            assert_string_not_equal(kp_class_name((kp_class)i), kp_class_name((kp_class)j));
    assert_string_equal(kp_class_name(KP_CLASS_KEY), "key");
    assert_string_equal(kp_class_name(KP_CLASS_INTERNAL), "internal");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_unique_and_in_their_ranges),
        cmocka_unit_test(names_are_unique_per_origin),
        cmocka_unit_test(every_row_has_text_and_advice),
        cmocka_unit_test(only_certain_refusals_are_not_taken),
        cmocka_unit_test(words_with_and_without_prefix),
        cmocka_unit_test(p6_unknown_words),
        cmocka_unit_test(words_of_each_service),
        cmocka_unit_test(numbers_on_the_wire),
        cmocka_unit_test(numbers_that_are_no_code),
        cmocka_unit_test(advice_of_failed_tasks_tells_of_the_charge),
        cmocka_unit_test(class_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
