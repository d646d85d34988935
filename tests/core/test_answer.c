/* test_answer.c: replays the answers of tests/cases/answers.json, and cuts, damages and starves them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/text.h"
#include "chance.h"
#include "failing.h"
#include "keyplate.h"
#include "wire/answer.h"

#ifndef KP_CASES_DIR
#define KP_CASES_DIR "tests/cases"
#endif

enum { MUTATIONS = 10000, LONG_BODY = 4096, STARVED_MAX = 40 };

static cJSON *cases;

static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    kp_buf text;
    kp_buf_init(&text, NULL);
    char part[4096];
    for (size_t n; file && (n = fread(part, 1, sizeof part, file)) > 0;)
        kp_buf_add(&text, part, n);
    if (file)
        fclose(file);
    return kp_buf_take(&text);
}

static int load_cases(void **state) {
    (void)state;
    const char *folder = getenv("KP_CASES");
    kp_buf path;
    kp_buf_init(&path, NULL);
    kp_buf_fmt(&path, "%s/answers.json", folder ? folder : KP_CASES_DIR);
    char *text = read_file(kp_buf_text(&path));
    cases = cJSON_Parse(text);
    kp_free(text);
    kp_buf_free(&path);
    return cJSON_IsArray(cases) ? 0 : -1;
}

static int drop_cases(void **state) {
    (void)state;
    cJSON_Delete(cases);
    return 0;
}

static const char *text_of(const cJSON *object, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static bool has(const cJSON *object, const char *name) {
    return cJSON_HasObjectItem(object, name);
}

static int number_of(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_true(cJSON_IsNumber(item));
    return item->valueint;
}

/* The body of a case in memory that ends where it ends, so that reading too far is seen. */
static char *body_of(const cJSON *c, size_t *len) {
    kp_buf body;
    kp_buf_init(&body, NULL);
    const cJSON *repeat = cJSON_GetObjectItemCaseSensitive(c, "repeat");
    const char *hex = text_of(c, "body_hex");
    if (repeat) {
        kp_buf_str(&body, text_of(repeat, "before"));
        for (int i = number_of(repeat, "times"); i > 0; i--)
            kp_buf_str(&body, text_of(repeat, "text"));
        kp_buf_str(&body, text_of(repeat, "after"));
    } else if (*hex) {
        for (; *hex; hex += 2)
            kp_buf_char(&body, (char)(kp_hex_value(hex[0]) * 16 + kp_hex_value(hex[1])));
    } else {
        assert_true(has(c, "body"));
        kp_buf_str(&body, text_of(c, "body"));
    }
    assert_false(body.failed);
    char *copy = malloc(body.len ? body.len : 1);
    assert_non_null(copy);
    if (body.len > 0)
        memcpy(copy, body.data, body.len);
    *len = body.len;
    kp_buf_free(&body);
    return copy;
}

static kp_call_kind call_of(const cJSON *c) {
    static const struct {
        const char *name;
        kp_call_kind call;
    } calls[] = {{"submit", KP_CALL_SUBMIT},
                 {"sync", KP_CALL_SYNC},
                 {"result", KP_CALL_RESULT},
                 {"balance", KP_CALL_BALANCE},
                 {"report", KP_CALL_REPORT_BAD}};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (kp_same(calls[i].name, text_of(c, "call")))
            return calls[i].call;
    fail_msg("%s: no such call", text_of(c, "name"));
    return KP_CALLS;
}

/* Reads the first len bytes of the case's body into a fresh answer. */
static kp_answer read_case(const cJSON *c, const char *body, size_t len) {
    const kp_provider *provider = kp_provider_find(text_of(c, "provider"));
    assert_non_null(provider);
    kp_answer a;
    kp_answer_init(&a);
    kp_answer_read(&a, provider, call_of(c), number_of(c, "status"), body, len);
    return a;
}

static bool is_text(const cJSON *expect, const char *name, const kp_buf *text) {
    return kp_same(kp_buf_text(text), text_of(expect, name));
}

static const char *difference(const cJSON *c, const kp_answer *a) {
    const cJSON *expect = cJSON_GetObjectItemCaseSensitive(c, "expect");
    const char *error = has(expect, "error") ? text_of(expect, "error") : "ok";
    if (!kp_same(kp_error_name(a->error), error))
        return "error";
    if (a->has_task != has(expect, "task") || !is_text(expect, "task", &a->id))
        return "task";
    bool balance = has(expect, "balance");
    if (a->has_text != (has(expect, "answer") || balance) || !is_text(expect, balance ? "balance" : "answer", &a->text))
        return "answer";
    if (!kp_same(a->unit, has(expect, "unit") ? text_of(expect, "unit") : NULL))
        return "unit";
    if (has(expect, "provider_code") && !is_text(expect, "provider_code", &a->provider_code))
        return "provider_code";
    if (has(expect, "provider_text") && !is_text(expect, "provider_text", &a->provider_text))
        return "provider_text";
    const cJSON *retry = cJSON_GetObjectItemCaseSensitive(expect, "retry_after_ms");
    if (retry && a->retry_after_ms != (uint64_t)retry->valuedouble)
        return "retry_after_ms";
    return NULL;
}

static void replay(const char *start, size_t least) {
    size_t count = 0;
    const cJSON *c;
    cJSON_ArrayForEach(c, cases) {
        if (!kp_starts(text_of(c, "name"), start))
            continue;
        size_t len;
        char *body = body_of(c, &len);
        kp_answer a = read_case(c, body, len);
        const char *wrong = difference(c, &a);
        if (wrong)
            fail_msg("%s: %s: error %s, task '%s', answer '%s', code '%s', text '%s'", text_of(c, "name"), wrong,
                     kp_error_name(a.error), kp_buf_text(&a.id), kp_buf_text(&a.text), kp_buf_text(&a.provider_code),
                     kp_buf_text(&a.provider_text));
        kp_answer_free(&a);
        free(body);
        count++;
    }
    assert_true(count >= least);
}

static void all_cases(void **state) {
    (void)state;
    replay("", 900);
}

static void p1_broken_bodies(void **state) {
    (void)state;
    replay("p1_", 80);
}

static void p2_broken_json_and_numbers(void **state) {
    (void)state;
    replay("p2_", 120);
}

static void p3_duplicates_and_bad_text(void **state) {
    (void)state;
    replay("p3_", 35);
}

static void p4_payload_unchanged(void **state) {
    (void)state;
    replay("p4_", 45);
}

static void p5_ids(void **state) {
    (void)state;
    replay("p5_", 70);
}

static void p6_unknown_codes(void **state) {
    (void)state;
    replay("p6_", 45);
}

static void p7_task_shapes(void **state) {
    (void)state;
    replay("p7_", 80);
}

static void t9_retry_after_in_the_body(void **state) {
    (void)state;
    replay("t9_", 14);
}

static void t14_statuses(void **state) {
    (void)state;
    replay("t14_", 90);
}

/* Each code of a service is expected by a case of that service. */
static void cases_name_every_code(void **state) {
    (void)state;
    for (size_t i = 0; kp_error_row_at(i); i++) {
        const kp_error_row *row = kp_error_row_at(i);
        /* "not ready" is told as pending, or as no answer at all */
        if (row->origin == KP_OWN || row->cls == KP_CLASS_PENDING)
            continue;
        bool found = false;
        const cJSON *c;
        cJSON_ArrayForEach(c, cases) {
            const cJSON *expect = cJSON_GetObjectItemCaseSensitive(c, "expect");
            const kp_provider *provider = kp_provider_find(text_of(c, "provider"));
            found =
                found || (provider && provider->origin == row->origin && kp_same(text_of(expect, "error"), row->name));
        }
        if (!found)
            fail_msg("%s: no case", row->name);
    }
}

static bool is_json(const char *body, size_t len) {
    return len > 0 && *body == '{';
}

/* The end of plain text is where the body ends, so a cut in it is the transport's to see. */
static void t7_cut_at_every_byte(void **state) {
    (void)state;
    size_t cuts = 0;
    const cJSON *c;
    cJSON_ArrayForEach(c, cases) {
        size_t len;
        char *body = body_of(c, &len);
        kp_answer whole = read_case(c, body, len);
        for (size_t cut = 0; whole.error == 0 && cut < len && len <= LONG_BODY; cut++) {
            char *part = malloc(cut ? cut : 1);
            assert_non_null(part);
            memcpy(part, body, cut);
            kp_answer a = read_case(c, part, cut);
            if (a.error == 0 && is_json(body, len)) {
                assert_string_equal(kp_buf_text(&a.id), kp_buf_text(&whole.id));
                assert_string_equal(kp_buf_text(&a.text), kp_buf_text(&whole.text));
                assert_true(kp_is_space(body[cut]));
            }
            if (a.error != 0)
                assert_false(a.has_task || a.has_text || a.id.len > 0 || a.text.len > 0);
            kp_answer_free(&a);
            free(part);
            cuts++;
        }
        kp_answer_free(&whole);
        free(body);
    }
    assert_true(cuts > 5000);
}

/* What holds of every answer, whatever was read. */
static void check_sane(const kp_answer *a) {
    assert_in_range(a->provider_code.len, 0, 200);
    assert_in_range(a->provider_text.len, 0, 200);
    assert_in_range(a->id.len, a->has_task ? 1 : 0, a->has_task ? KP_ID_MAX : 0);
    assert_in_range(a->text.len, a->has_text ? 1 : 0, a->has_text ? LONG_BODY * 2 : 0);
    assert_true(kp_utf8_valid(kp_buf_text(&a->text), a->text.len));
    assert_int_equal(strlen(kp_buf_text(&a->text)), a->text.len);
    if (a->error != 0)
        assert_false(a->has_task || a->has_text || a->unit);
}

static size_t damage(chance *c, char *body, size_t len) {
    static const char bytes[] = "{}[],:\"\\|0123456789-.eE_OKAZaz \r\n\t\xef\xbb\xbf\xff\x80";
    for (size_t n = chance_below(c, 4); n > 0 && len > 0; n--) {
        size_t at = chance_below(c, len);
        size_t other = chance_below(c, len);
        switch (chance_below(c, 4)) {
        case 0: body[at] = (char)(body[at] ^ (1 << chance_below(c, 8))); break;
        case 1: body[at] = bytes[chance_below(c, sizeof bytes)]; break;
        case 2: memmove(body + at, body + other, len - (at > other ? at : other)); break;
        default: len = at; break;
        }
    }
    return len;
}

static void mutations_do_no_harm(void **state) {
    (void)state;
    static const int statuses[] = {200, 200, 200, 200, 302, 404, 429, 500, 0, -1};
    chance c = {7};
    int count = cJSON_GetArraySize(cases);
    kp_answer a;
    kp_answer_init(&a);
    const cJSON **list = calloc((size_t)count, sizeof *list);
    assert_non_null(list);
    const cJSON *item;
    size_t next = 0;
    cJSON_ArrayForEach(item, cases) list[next++] = item;
    for (size_t i = 0; i < (size_t)chance_rounds(MUTATIONS); i++) {
        size_t len;
        char *body = body_of(list[chance_below(&c, next)], &len);
        if (len <= LONG_BODY) {
            len = damage(&c, body, len);
            kp_answer_read(&a, kp_provider_at(chance_below(&c, 2)), (kp_call_kind)chance_below(&c, KP_CALLS),
                           statuses[chance_below(&c, 10)], body, len);
            check_sane(&a);
        }
        free(body);
    }
    free(list);
    kp_answer_free(&a);
}

static void starve(const cJSON *c, const char *body, size_t len, bool from_there_on) {
    for (size_t fail_at = 0; fail_at < STARVED_MAX; fail_at++) {
        failing_start(fail_at, from_there_on);
        kp_answer a = read_case(c, body, len);
        bool failed = failing_stop();
        if (failed)
            assert_int_equal(a.error, KP_E_MEMORY);
        else
            assert_null(difference(c, &a));
        check_sane(&a);
        /* The same answer serves again once there is memory. */
        kp_answer_read(&a, kp_provider_find("captchaai"), KP_CALL_SUBMIT, 200, "OK|1", 4);
        assert_int_equal(a.error, 0);
        assert_string_equal(kp_buf_text(&a.id), "1");
        assert_string_equal(kp_buf_text(&a.provider_code), "");
        kp_answer_free(&a);
        if (!failed)
            return;
    }
    fail();
}

static void memory_short_at_every_place(void **state) {
    (void)state;
    const cJSON *c;
    cJSON_ArrayForEach(c, cases) {
        size_t len;
        char *body = body_of(c, &len);
        if (len <= LONG_BODY) {
            starve(c, body, len, false);
            starve(c, body, len, true);
        }
        free(body);
    }
}

static void balance_in_micro(void **state) {
    (void)state;
    kp_answer a;
    kp_answer_init(&a);
    kp_answer_read(&a, kp_provider_find("captchaai"), KP_CALL_BALANCE, 200, "12.345", 6);
    assert_int_equal(a.error, 0);
    assert_int_equal(a.balance_micro, 12345000);
    kp_answer_read(&a, kp_provider_find("captchaai"), KP_CALL_BALANCE, 200, "OK", 2);
    assert_int_equal(a.error, KP_E_ANSWER);
    assert_int_equal(a.balance_micro, 0);
    assert_null(a.unit);
    kp_answer_free(&a);
    kp_answer_free(&a);
}

static void misuse_is_told(void **state) {
    (void)state;
    const kp_provider *pipe = kp_provider_find("captchaai");
    const kp_provider *task = kp_provider_find("nocaptchaai");
    kp_answer a;
    kp_answer_init(&a);
    kp_answer_read(&a, NULL, KP_CALL_RESULT, 200, "OK|1", 4);
    assert_int_equal(a.error, KP_E_MISUSE);
    kp_answer_read(&a, pipe, KP_CALL_RESULT, 200, NULL, 4);
    assert_int_equal(a.error, KP_E_MISUSE);
    kp_answer_read(&a, pipe, KP_CALL_RESULT, 200, NULL, 0);
    assert_int_equal(a.error, KP_E_ANSWER);
    kp_answer_read(&a, task, KP_CALL_RESULT, 200, NULL, 0);
    assert_int_equal(a.error, KP_E_ANSWER);
    kp_answer_read(&a, pipe, KP_CALL_SYNC, 200, "OK|1", 4);
    assert_int_equal(a.error, KP_E_MISUSE);
    kp_answer_read(&a, task, KP_CALL_REPORT_GOOD, 200, "{}", 2);
    assert_int_equal(a.error, KP_E_MISUSE);
    kp_answer_read(&a, pipe, KP_CALL_SUBMIT_FILE, 200, "OK|1", 4);
    assert_true(a.error == 0 && a.has_task);
    kp_answer_read(&a, pipe, KP_CALL_REPORT_GOOD, 200, "OK_REPORT_RECORDED", 18);
    assert_int_equal(a.error, 0);
    kp_answer_read(NULL, pipe, KP_CALL_RESULT, 200, "OK|1", 4);
    kp_answer_init(NULL);
    kp_answer_clear(NULL);
    kp_answer_free(NULL);
    kp_answer_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cases),
        cmocka_unit_test(p1_broken_bodies),
        cmocka_unit_test(p2_broken_json_and_numbers),
        cmocka_unit_test(p3_duplicates_and_bad_text),
        cmocka_unit_test(p4_payload_unchanged),
        cmocka_unit_test(p5_ids),
        cmocka_unit_test(p6_unknown_codes),
        cmocka_unit_test(p7_task_shapes),
        cmocka_unit_test(t9_retry_after_in_the_body),
        cmocka_unit_test(t14_statuses),
        cmocka_unit_test(cases_name_every_code),
        cmocka_unit_test(t7_cut_at_every_byte),
        cmocka_unit_test(mutations_do_no_harm),
        cmocka_unit_test(memory_short_at_every_place),
        cmocka_unit_test(balance_in_micro),
        cmocka_unit_test(misuse_is_told),
    };
    return cmocka_run_group_tests(tests, load_cases, drop_cases);
}
