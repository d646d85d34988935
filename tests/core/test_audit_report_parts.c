/* test_audit_report_parts.c: what the report of an audit record is made of: histogram, lists, halves, slots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/audit_report_join.h"
#include "app/audit_report_slots.h"

static const int64_t start = 1795132800000; /* 2026-11-20T00:00:00Z, a Friday */
static const int64_t hour = 3600000;
static const int64_t day = 86400000;

/* ---- The histogram ---- */

static int compare(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Against the sorted list that the report does without. */
static void percentiles_are_near_the_exact_ones(void **state) {
    (void)state;
    enum { COUNT = 5000 };
    static uint64_t all[COUNT];
    report_hist h = {0};
    uint64_t seed = 7;
    for (size_t i = 0; i < COUNT; i++) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        all[i] = (seed >> 33) >> (seed >> 60); /* of all sizes */
        report_hist_add(&h, all[i]);
    }
    qsort(all, COUNT, sizeof all[0], compare);
    for (unsigned percent = 1; percent <= 100; percent++) {
        uint64_t exact = all[(size_t)COUNT * percent / 100 - 1];
        uint64_t told = 0;
        assert_true(report_hist_at(&h, percent, &told));
        uint64_t off = told > exact ? told - exact : exact - told;
        assert_true(off * 32 <= exact + 32);
    }
}

static void few_durations_are_exact(void **state) {
    (void)state;
    report_hist h = {0};
    report_hist other = {0};
    uint64_t ms = 77;
    assert_false(report_hist_at(&h, 50, &ms));
    assert_false(report_hist_at(NULL, 50, &ms));
    assert_int_equal(ms, 77);
    report_hist_add(&h, 12345);
    for (unsigned percent = 0; percent <= 100; percent += 25) {
        assert_true(report_hist_at(&h, percent, &ms));
        assert_int_equal(ms, 12345);
    }
    report_hist_add(&other, 0);
    report_hist_add(&other, UINT64_MAX);
    report_hist_merge(&h, &other);
    assert_int_equal(h.count, 3);
    assert_true(report_hist_at(&h, 1, &ms) && ms == 0);
    assert_true(report_hist_at(&h, 100, &ms) && ms <= UINT32_MAX && ms > UINT32_MAX / 33 * 32);
    report_hist_add(NULL, 1);
    report_hist_merge(NULL, &h);
    report_hist_merge(&h, NULL);
}

/* ---- Lists ---- */

static void names_past_the_bound_share_an_entry(void **state) {
    (void)state;
    report_list list;
    char name[16];
    report_list_init(&list, 10);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 30; i++) {
            int len = snprintf(name, sizeof name, "name %d", i);
            report_entry *entry = report_list_entry(&list, name, (size_t)len);
            assert_non_null(entry);
            assert_int_equal(entry->others, i >= 10);
            entry->sum.calls++;
        }
    assert_int_equal(list.count, 11);
    assert_int_equal(list.entries[10]->sum.calls, 40);
    report_list_sort(&list, false);
    assert_true(list.entries[0]->others && strcmp(list.entries[1]->name, "name 0") == 0);
    report_list_free(&list);
    assert_null(report_list_entry(NULL, "a", 1));
}

static void long_names_are_cut_between_characters(void **state) {
    (void)state;
    report_list list;
    char name[REPORT_NAME_MAX + 3];
    report_list_init(&list, 10);
    memset(name, 'x', sizeof name);
    memcpy(name + REPORT_NAME_MAX - 1, "\xc3\xa9", 2); /* the bound lies within it */
    report_entry *entry = report_list_entry(&list, name, sizeof name);
    assert_non_null(entry);
    assert_int_equal(entry->len, REPORT_NAME_MAX - 1);
    assert_ptr_equal(entry, report_list_entry(&list, name, sizeof name - 1));
    report_list_free(&list);
}

static void money_does_not_overflow(void **state) {
    (void)state;
    report_sum a = {.spent = INT64_MAX - 1};
    report_sum b = {.spent = 5};
    report_sum_merge(&a, &b);
    assert_int_equal(a.spent, INT64_MAX);
    assert_int_equal(report_money_sum(2, 3), 5);
}

/* ---- Halves of operations ---- */

/* A plain array beside it, over many random changes. */
static void the_join_keeps_what_is_there(void **state) {
    (void)state;
    enum { IDS = 500, ROUNDS = 20000 };
    static bool there[IDS];
    report_join join = {0};
    uint64_t seed = 3;
    size_t count = 0;
    for (size_t i = 0; i < ROUNDS; i++) {
        char id[16];
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        size_t at = (size_t)(seed >> 33) % IDS;
        size_t len = (size_t)snprintf(id, sizeof id, "%zu", at);
        report_half *half = report_join_find(&join, id, len);
        assert_int_equal(half != NULL, there[at]);
        if (half) {
            assert_int_equal(half->cost, (int64_t)at);
            report_join_drop(&join, half);
        } else {
            half = report_join_add(&join, id, len);
            assert_non_null(half);
            half->cost = (int64_t)at;
        }
        there[at] = !there[at];
        count += there[at] ? 1 : (size_t)-1;
        assert_int_equal(join.count, count);
    }
    report_join_free(&join);
    assert_null(report_join_find(&join, "1", 1));
    assert_null(report_join_add(&join, "", 0));
    report_join_drop(NULL, NULL);
}

/* ---- Time ---- */

static void slots_become_longer_when_there_are_too_many(void **state) {
    (void)state;
    report_slots slots;
    report_slots_init(&slots, 10);
    for (int i = 99; i >= 0; i--)
        report_slots_at(&slots, start + i * hour)->sum.calls++;
    assert_int_equal(slots.hours, 24);
    assert_int_equal(slots.count, 5);
    assert_int_equal(slots.all[0]->sum.calls, 24);
    assert_int_equal(slots.all[4]->sum.calls, 4);
    for (int i = 0; i < 20; i++)
        report_slots_at(&slots, start + i * day)->sum.calls++;
    assert_int_equal(slots.hours, 168);
    assert_int_equal(slots.all[0]->start * hour, start - 4 * day); /* Monday */
    uint64_t calls = 0;
    for (size_t i = 0; i < slots.count; i++)
        calls += slots.all[i]->sum.calls;
    assert_int_equal(calls, 120);
    report_slots_free(&slots);
}

static void a_view_has_no_gaps_and_is_bounded(void **state) {
    (void)state;
    report_slots slots;
    report_view view;
    report_slots_init(&slots, REPORT_SLOTS_MAX);
    assert_true(report_view_make(&view, &slots, 24));
    assert_int_equal(view.count, 0);
    report_slots_at(&slots, start)->sum.spent = 1;
    report_slots_at(&slots, start + 23 * hour)->sum.spent = 2;
    assert_true(report_view_make(&view, &slots, 24));
    assert_int_equal(view.count, 24);
    assert_int_equal(view.hours, 1);
    assert_int_equal(view.slots[23].sum.spent, 2);
    report_view_free(&view);
    report_slots_at(&slots, start + 24 * hour)->sum.spent = 4;
    assert_true(report_view_make(&view, &slots, 24));
    assert_int_equal(view.hours, 3);
    assert_int_equal(view.count, 9);
    report_view_free(&view);
    report_slots_at(&slots, 0);
    report_slots_at(&slots, 253402300799999); /* the end of year 9999 */
    assert_true(report_view_make(&view, &slots, 24));
    assert_true(view.count > 1 && view.count <= 24);
    int64_t spent = 0;
    for (size_t i = 0; i < view.count; i++)
        spent += view.slots[i].sum.spent;
    assert_int_equal(spent, 7);
    report_view_free(&view);
    report_slots_free(&slots);
    assert_false(report_view_make(NULL, NULL, 24));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_near_the_exact_ones),
        cmocka_unit_test(few_durations_are_exact),
        cmocka_unit_test(names_past_the_bound_share_an_entry),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(money_does_not_overflow),
        cmocka_unit_test(the_join_keeps_what_is_there),
        cmocka_unit_test(slots_become_longer_when_there_are_too_many),
        cmocka_unit_test(a_view_has_no_gaps_and_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
