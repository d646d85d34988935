/* test_audit_check.c: tests the check of the audit record: what is sound, and what each kind of tampering is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain_files_case.h"

static void expect(kp_chain_check check, kp_chain_fault fault, uint64_t line, uint64_t seq) {
    if (check.fault != fault || check.fault_line != line || check.fault_seq != seq) {
        kp_buf text;
        kp_buf_init(&text, NULL);
        kp_chain_fault_text(&check, &text);
        fail_msg("%s in line %llu (record %llu): %s", kp_chain_fault_name(check.fault),
                 (unsigned long long)check.fault_line, (unsigned long long)check.fault_seq, kp_buf_text(&text));
    }
    assert_true((check.faults > 0) == (fault != KP_CHAIN_SOUND));
}

static void expect_text(const kp_chain_check *check, const char *expected) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_chain_fault_text(check, &text);
    assert_string_equal(kp_buf_text(&text), expected);
    kp_buf_free(&text);
}

static void a_sound_chain(void **state) {
    (void)state;
    kp_chain_check check = chain_check(files, 1, chain_checkpoint(&end));
    expect(check, KP_CHAIN_SOUND, 0, 0);
    assert_int_equal(check.records, 10);
    assert_int_equal(check.first_seq, 1);
    assert_int_equal(check.last.seq, 10);
    assert_true(check.held);
    expect_text(&check, "");
    chain_put(&files[0], 10, ""); /* as editors leave it */
    expect(chain_check(files, 1, NULL), KP_CHAIN_SOUND, 0, 0);
}

static void a2_a_record_edited(void **state) {
    (void)state;
    kp_chain_check check;
    for (size_t i = 0; i < 10; i++)
        for (const char *part = "intent\0event\0@time\0seq\0prev\0mac\0"; *part; part += strlen(part) + 1) {
            chain_file copy = files[0];
            char *at = strstr(copy.line[i], part);
            char *digit = *part == 's' ? at + 5 : *part == 'p' ? at + 7 : *part == 'm' ? at + 6 : at;
            *digit = *digit == '7' ? '8' : '7';
            check = chain_check(&copy, 1, NULL);
            assert_int_equal(check.fault, KP_CHAIN_EDITED);
            assert_int_equal(check.fault_line, i + 1);
        }
    files[0].line[4][20] = 'x';
    check = chain_check(files, 1, chain_checkpoint(&end));
    expect(check, KP_CHAIN_EDITED, 5, 5);
    assert_int_equal(check.faults, 1); /* the records behind it are sound */
    expect_text(&check, "its seal does not hold: it was changed");
}

static void a2_another_key(void **state) {
    (void)state;
    chain_make_key(&chain_key);
    kp_chain_check check = chain_check(files, 1, NULL);
    expect(check, KP_CHAIN_EDITED, 1, 1);
    assert_false(check.held);
    expect_text(&check, "its seal does not hold: it was changed, or sealed with another key");
}

static void a2_records_removed(void **state) {
    (void)state;
    chain_take(&files[0], 4, 1);
    kp_chain_check check = chain_check(files, 1, chain_checkpoint(&end));
    expect(check, KP_CHAIN_REMOVED, 5, 6);
    expect_text(&check, "record 5 is missing before it");
    chain_take(&files[0], 4, 2);
    check = chain_check(files, 1, chain_checkpoint(&end));
    expect(check, KP_CHAIN_REMOVED, 5, 8);
    expect_text(&check, "records 5 to 7 are missing before it");
}

static void a2_the_head_cut(void **state) {
    (void)state;
    chain_take(&files[0], 0, 3);
    expect(chain_check(files, 1, chain_checkpoint(&end)), KP_CHAIN_HEAD_CUT, 1, 4);
}

static void a2_records_reordered(void **state) {
    (void)state;
    char line[CHAIN_LINE];
    chain_file moved_down = files[0], moved_up = files[0];
    memcpy(line, files[0].line[4], sizeof line);
    chain_take(&moved_down, 4, 1);
    chain_put(&moved_down, 7, line);
    kp_chain_check check = chain_check(&moved_down, 1, chain_checkpoint(&end));
    expect(check, KP_CHAIN_REORDERED, 5, 6);
    expect_text(&check, "the order was changed: record 5 stands farther down, in line 8");
    chain_take(&moved_up, 4, 1);
    chain_put(&moved_up, 1, line);
    expect(chain_check(&moved_up, 1, NULL), KP_CHAIN_REORDERED, 2, 5);
    memcpy(files[0].line[9], files[0].line[0], sizeof line);
    expect(chain_check(files, 1, NULL), KP_CHAIN_INSERTED, 10, 1);
}

static void a2_records_inserted(void **state) {
    (void)state;
    char line[CHAIN_LINE];
    chain_file plain = files[0], copied = files[0], forged = files[0];
    chain_put(&plain, 5, "{\"@timestamp\":\"2026-07-01T10:00:00.000Z\",\"event\":\"intent\"}");
    kp_chain_check check = chain_check(&plain, 1, chain_checkpoint(&end));
    expect(check, KP_CHAIN_INSERTED, 6, 0);
    expect_text(&check, "it was inserted: it has no seal");
    memcpy(line, files[0].line[2], sizeof line);
    chain_put(&copied, 5, line);
    check = chain_check(&copied, 1, chain_checkpoint(&end));
    expect(check, KP_CHAIN_INSERTED, 6, 3);
    expect_text(&check, "it was inserted: a copy of a record that was there before");
    memcpy(line, files[0].line[5], sizeof line);
    line[30] = '9';
    chain_put(&forged, 5, line);
    expect(chain_check(&forged, 1, NULL), KP_CHAIN_EDITED, 6, 6);
}

static void a2_the_tail_cut(void **state) {
    (void)state;
    chain_take(&files[0], 7, 3);
    expect(chain_check(files, 1, NULL), KP_CHAIN_SOUND, 0, 0); /* nothing but the checkpoint knows */
    kp_chain_check check = chain_check(files, 1, chain_checkpoint(&end));
    expect(check, KP_CHAIN_TAIL_CUT, 0, 10);
    expect_text(&check, "the end was cut: records 8 to 10 are missing");
    /* Whoever writes on leaves the gap. */
    chain_grow(&files[0], &end, 2);
    check = chain_check(files, 1, chain_checkpoint(&end));
    expect(check, KP_CHAIN_REMOVED, 8, 11);
    expect_text(&check, "records 8 to 10 are missing before it");
}

static void a2_a_checkpoint_that_does_not_fit(void **state) {
    (void)state;
    kp_chain_end other = end;
    char text[KP_CHECKPOINT_MOST + 1];
    other.mac[5] = other.mac[5] == '7' ? '8' : '7';
    kp_chain_check check = chain_check(files, 1, chain_checkpoint(&other));
    expect(check, KP_CHAIN_CHECKPOINT, 0, 10);
    expect_text(&check, "the checkpoint tells another last record");
    snprintf(text, sizeof text, "%s", chain_checkpoint(&end));
    text[7] = '9';
    check = chain_check(files, 1, text);
    expect(check, KP_CHAIN_CHECKPOINT, 0, 0);
    expect(chain_check(files, 1, ""), KP_CHAIN_CHECKPOINT, 0, 0);
}

/* Cut, the sidecar removed too, and then written on: the new record stands where another one was. That cannot be seen
   in this file alone, but by whoever kept the records that were cut. */
static void a2_a_branch(void **state) {
    (void)state;
    kp_seal seal;
    chain_file all = files[0];
    kp_chain_end back = {.seq = 7};
    chain_take(&files[0], 7, 3);
    assert_int_equal(kp_line_read(files[0].line[6], strlen(files[0].line[6]), &seal), KP_LINE_SEALED);
    memcpy(back.mac, seal.mac, KP_CHAIN_MAC_SIZE);
    chain_grow(&files[0], &back, 4);
    expect(chain_check(files, 1, chain_checkpoint(&back)), KP_CHAIN_SOUND, 0, 0);
    chain_put(&all, 10, files[0].line[10]);
    expect(chain_check(&all, 1, NULL), KP_CHAIN_REPLACED, 11, 11);
}

static void a1_torn_lines_are_isolated(void **state) {
    (void)state;
    char torn[CHAIN_LINE];
    memcpy(torn, files[0].line[5], sizeof torn);
    torn[strlen(torn) / 2] = '\0';
    chain_put(&files[0], 5, torn);
    chain_put(&files[0], 11, "{\"@ti");
    kp_chain_check check = chain_check(files, 1, chain_checkpoint(&end));
    expect(check, KP_CHAIN_SOUND, 0, 0);
    assert_int_equal(check.torn, 2);
    assert_int_equal(check.records, 10);
    assert_int_equal(check.lines, 12);
    /* A record that was made to look like that is missing. */
    memcpy(files[0].line[3], torn, sizeof torn);
    expect(chain_check(files, 1, NULL), KP_CHAIN_REMOVED, 5, 5);
}

static void a1_a_checkpoint_behind_the_file(void **state) {
    (void)state;
    const char *text = chain_checkpoint(&end);
    chain_grow(&files[0], &end, 3); /* its writer was killed between the two writes */
    expect(chain_check(files, 1, text), KP_CHAIN_SOUND, 0, 0);
}

static void a1_rotation(void **state) {
    (void)state;
    chain_grow(&files[1], &end, 5);
    chain_grow(&files[2], &end, 2);
    kp_chain_check check = chain_check(files, 3, chain_checkpoint(&end));
    expect(check, KP_CHAIN_SOUND, 0, 0);
    assert_int_equal(check.records, 17);
    check = chain_check(files + 1, 2, chain_checkpoint(&end)); /* the first one was deleted */
    expect(check, KP_CHAIN_SOUND, 0, 0);
    assert_int_equal(check.first_seq, 11);
    chain_take(&files[1], 4, 1); /* the end of the one in the middle */
    check = chain_check(files, 3, chain_checkpoint(&end));
    expect(check, KP_CHAIN_REMOVED, 1, 16);
    assert_int_equal(check.fault_file, 2);
    chain_file two[] = {files[0], files[2]}; /* one file left out */
    expect(chain_check(two, 2, NULL), KP_CHAIN_REMOVED, 1, 16);
    end = (kp_chain_end){0};
    files[1].count = 0;
    chain_grow(&files[1], &end, 5); /* begun anew, without the sidecar */
    check = chain_check(files, 2, NULL);
    expect(check, KP_CHAIN_REPLACED, 1, 1);
    expect_text(&check, "the chain begins anew here, though records were before it");
}

static void nothing_given(void **state) {
    (void)state;
    kp_chain_check check;
    kp_chain_check_start(&check, NULL);
    kp_chain_check_start(NULL, NULL);
    kp_chain_check_file(NULL);
    kp_chain_check_end(NULL, "", 0);
    kp_chain_check_end(&check, NULL, 0);
    assert_int_equal(kp_chain_check_line(NULL, files[0].line[0], strlen(files[0].line[0]), NULL), KP_LINE_SEALED);
    assert_int_equal(kp_chain_check_line(&check, NULL, 0, NULL), KP_LINE_EMPTY);
    kp_chain_fault_text(NULL, NULL);
    kp_chain_key_make("x", 1, NULL);
    kp_checkpoint_add(NULL, NULL, NULL);
    assert_string_equal(kp_chain_fault_name((kp_chain_fault)99), "?");
    expect(check, KP_CHAIN_SOUND, 0, 0);
}

#define CHAIN_TEST(test) cmocka_unit_test_setup(test, begin)

int main(void) {
    const struct CMUnitTest tests[] = {
        CHAIN_TEST(a_sound_chain),
        cmocka_unit_test_setup(a2_a_record_edited, begin),
        cmocka_unit_test_setup(a2_another_key, begin),
        cmocka_unit_test_setup(a2_records_removed, begin),
        cmocka_unit_test_setup(a2_the_head_cut, begin),
        cmocka_unit_test_setup(a2_records_reordered, begin),
        cmocka_unit_test_setup(a2_records_inserted, begin),
        cmocka_unit_test_setup(a2_the_tail_cut, begin),
        cmocka_unit_test_setup(a2_a_checkpoint_that_does_not_fit, begin),
        cmocka_unit_test_setup(a2_a_branch, begin),
        cmocka_unit_test_setup(a1_torn_lines_are_isolated, begin),
        cmocka_unit_test_setup(a1_a_checkpoint_behind_the_file, begin),
        cmocka_unit_test_setup(a1_rotation, begin),
        CHAIN_TEST(nothing_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
