/* test_admit_mark.c: what MARK keeps, in which order and how long, and what it drops, replaces and refuses. */
#include "admit_case.h"
#include "chance.h"
#include "policy/admit_mark.h"

static void marks_come_in_the_order_of_the_last(void **state) {
    (void)state;
    expect("MARK seen host-a 1 1000", "ok @0");
    expect("MARK seen host-b 2 1000", "ok @0");
    expect("GET seen", "ok @0 host-a=1,host-b=2");
    expect("MARK seen host-c 3 1000", "ok @0");
    expect("MARK seen host-a 4 1000", "ok @0");
    expect("GET seen x", "ok @0 host-b=2,host-c=3,host-a=4 -");
    expect("MARK seen host-a 5 1000", "ok @0");
    expect("GET seen", "ok @0 host-b=2,host-c=3,host-a=5");
    expect("MARK other ._-:/~ ~/:-_. 1000", "ok @0");
    expect("GET other", "ok @0 ._-:/~=~/:-_.");
}

static void all_expire_after_the_last(void **state) {
    (void)state;
    expect("MARK m a 1 1000", "ok @0");
    now = T0 + 999;
    expect("MARK m b 2 1000", "ok @999");
    now = T0 + 1998;
    expect("GET m", "ok @1998 a=1,b=2");
    expect("MARK m c 3 1", "ok @1998");
    now = T0 + 1999;
    expect("GET m", "ok @1999 -");
    expect("MARK m d 4 3155760000000", "ok @1999");
    expect("GET m", "ok @1999 d=4");
}

static void of_33_fields_the_first_marked_goes(void **state) {
    (void)state;
    char words[TEXT], want[TEXT];
    for (int i = 0; i < 32; i++) {
        snprintf(words, sizeof words, "MARK m f%d %d 1000", i, i);
        ask(words);
    }
    ask("MARK m f0 again 1000");
    ask("MARK m f32 32 1000");
    size_t n = (size_t)snprintf(want, sizeof want, "ok @0 ");
    for (int i = 2; i < 32; i++)
        n += (size_t)snprintf(want + n, sizeof want - n, "f%d=%d,", i, i);
    snprintf(want + n, sizeof want - n, "f0=again,f32=32");
    expect("GET m", want);
}

static void something_else_is_replaced(void **state) {
    (void)state;
    static const char *const values[] = {"word",  "1790000000000", "a=1,",      ",a=1",  "a=1,,b=2", "a=",    "=1",
                                         "a=1,b", "a=1=2",         "a=1,b=+",   "a\"=1", "a=1;b=2",  "a=1,b", "=",
                                         ",",     "a=1,=2",        "a=\xc3\xa4"};
    char words[TEXT];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        snprintf(words, sizeof words, "PUT m %s 1000", values[i]);
        expect(words, "ok @0");
        expect("MARK m x y 1000", "ok @0");
        expect("GET m", "ok @0 x=y");
    }
    char longer[66];
    memset(longer, 'n', 65);
    longer[65] = '\0';
    snprintf(words, sizeof words, "PUT m a=%s 1000", longer);
    ask(words);
    expect("MARK m x y 1000", "ok @0");
    expect("GET m", "ok @0 x=y");
}

static void what_has_the_form_counts_as_marks(void **state) {
    (void)state;
    expect("PUT m a=1,b=2,a=3 1000", "ok @0");
    expect("MARK m b 4 1000", "ok @0");
    expect("GET m", "ok @0 a=1,a=3,b=4");
    expect("MARK m a 5 1000", "ok @0");
    expect("GET m", "ok @0 b=4,a=5");
    char words[TEXT] = "PUT m f=0", want[TEXT] = "ok @0 ";
    for (int i = 1; i < 40; i++)
        snprintf(words + strlen(words), sizeof words - strlen(words), ",f%d=0", i);
    snprintf(words + strlen(words), sizeof words - strlen(words), " 1000");
    ask(words);
    ask("MARK m x y 1000");
    for (int i = 9; i < 40; i++)
        snprintf(want + strlen(want), sizeof want - strlen(want), "f%d=0,", i);
    snprintf(want + strlen(want), sizeof want - strlen(want), "x=y");
    expect("GET m", want);
}

static void put_replaces_and_removes(void **state) {
    (void)state;
    ask("MARK m a 1 1000");
    expect("PUT m word 1000", "ok @0");
    expect("GET m", "ok @0 word");
    ask("MARK m a 1 1000");
    expect("PUT m - 0", "ok @0");
    expect("GET m", "ok @0 -");
    expect("ADMIT 1 0 gate m", "ok @0 0");
    ask("MARK m a 1 1000");
    expect_bad("ADMIT 2 0 gate m");
}

static void several_at_once(void **state) {
    (void)state;
    expect("MARK m a 1 1000 n b 2 500 m c 3 700", "ok @0");
    expect("GET m n", "ok @0 a=1,c=3 b=2");
    now = T0 + 500;
    expect("GET m n", "ok @500 a=1,c=3 -");
    now = T0 + 700;
    expect("GET m n", "ok @700 - -");
    expect_bad("MARK m d 4 1000 n e 5 0"); /* all or nothing */
    expect("GET m", "ok @700 -");
}

static void a_time_is_the_stores(void **state) {
    (void)state;
    char want[TEXT];
    expect("MARK m a +0 1000 m b +25 1000", "ok @0");
    snprintf(want, sizeof want, "ok @0 a=%lld,b=%lld", (long long)T0, (long long)T0 + 25);
    expect("GET m", want);
}

static void wrong_arguments(void **state) {
    (void)state;
    static const char *const lines[] = {
        "MARK",
        "MARK m",
        "MARK m f",
        "MARK m f v",
        "MARK m f v 5 g",
        "MARK m f v 0",
        "MARK m f v -1",
        "MARK m f v 1.5",
        "MARK m f v 3155760000001",
        "MARK m f v 9223372036854775808",
        "MARK m f, v 5",
        "MARK m f= v 5",
        "MARK m f + 5",
        "MARK m f +-1 5",
        "MARK m f +x 5",
        "MARK m f +3155760000001 5",
        "MARK m f v 5 n g v",
        "MARK m f v 5 n g v 0",
        "MARK m f v 5 n g, v 5",
        "MARK m f v;w 5",
        "MARK m f \xc3\xa4 5",
        "MARK m \"f\" v 5",
        "mark m f v 5",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        expect_bad(lines[i]);
}

static void strange_parts(void **state) {
    (void)state;
    kp_kv kv = {&the_map, map_get, map_put};
    char big[257];
    memset(big, 'n', sizeof big);
    const kp_arg parts[] = {{"", 0}, {"a b", 3}, {"a\nb", 3}, {"a\0b", 3}, {"a\x7f", 2}, {big, 65}, {NULL, 0}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (int place = 1; place < 4; place++) {
            kp_arg mark[] = {{"MARK", 4}, {"m", 1}, {"f", 1}, {"v", 1}, {"5", 1}};
            mark[place] = place > 1 || parts[i].len != 65 ? parts[i] : (kp_arg){big, 256};
            assert_int_equal(kp_admit(&kv, now, mark, 5, &answer), 0);
            assert_memory_equal(kp_buf_text(&answer), "bad ", 4);
        }
    assert_int_equal(the_map.puts, 0);
    kp_arg most[] = {{"MARK", 4}, {big, 255}, {big, 64}, {big, 64}, {"5", 1}};
    assert_int_equal(kp_admit(&kv, now, most, 5, &answer), 0);
    assert_memory_equal(kp_buf_text(&answer), "ok ", 3);
}

static void the_last_of_a_text(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        bool whole;
    } cases[] = {{"", 0, true},   {"a=1", 1, true},      {"a=1,b=2", 2, true}, {"a=1,", 0, false}, {"a=1,b", 1, false},
                 {"a", 0, false}, {"a=1,b=+", 1, false}, {"=", 0, false},      {",a=1", 0, false}};
    kp_mark list[KP_MARKS_MOST];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool whole = !cases[i].whole;
        kp_arg text = {cases[i].text, strlen(cases[i].text)};
        size_t count = kp_mark_last(text, list, &whole);
        assert_int_equal(count, cases[i].count);
        assert_int_equal(whole, cases[i].whole);
    }
    char many[1024];
    size_t n = 0;
    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "f%d=%d,", i, i);
    snprintf(many + n, sizeof many - n, "f\"=1");
    bool whole = true;
    assert_int_equal(kp_mark_last((kp_arg){many, strlen(many)}, list, &whole), KP_MARKS_MOST);
    assert_false(whole);
    assert_memory_equal(list[0].field.text, "f8=", 3);
    assert_memory_equal(list[KP_MARKS_MOST - 1].field.text, "f39=", 4);
    assert_int_equal(kp_mark_last((kp_arg){NULL, 0}, NULL, NULL), 0);
}

/* ---- Against a plain model ---- */

typedef struct {
    int field[40];
    int value[40];
    int count;
} model;

static void model_mark(model *m, int field, int value) {
    int kept = 0;
    for (int i = 0; i < m->count; i++)
        if (m->field[i] != field) {
            m->field[kept] = m->field[i];
            m->value[kept++] = m->value[i];
        }
    int from = kept > 31 ? kept - 31 : 0;
    memmove(m->field, m->field + from, sizeof m->field - (size_t)from * sizeof m->field[0]);
    memmove(m->value, m->value + from, sizeof m->value - (size_t)from * sizeof m->value[0]);
    m->count = kept - from;
    m->field[m->count] = field;
    m->value[m->count++] = value;
}

static void as_a_plain_list(void **state) {
    (void)state;
    chance dice = {4711};
    model m = {.count = 0};
    char words[TEXT], want[TEXT];
    for (int i = 0; i < 3000; i++) {
        int field = (int)chance_below(&dice, 36), value = (int)chance_below(&dice, 1000);
        snprintf(words, sizeof words, "MARK m f%d %d 1000", field, value);
        expect(words, "ok @0");
        model_mark(&m, field, value);
        size_t n = (size_t)snprintf(want, sizeof want, "ok @0 ");
        for (int k = 0; k < m.count; k++)
            n += (size_t)snprintf(want + n, sizeof want - n, "%sf%d=%d", k ? "," : "", m.field[k], m.value[k]);
        expect("GET m", want);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(marks_come_in_the_order_of_the_last),
        T(all_expire_after_the_last),
        T(of_33_fields_the_first_marked_goes),
        T(something_else_is_replaced),
        T(what_has_the_form_counts_as_marks),
        T(put_replaces_and_removes),
        T(several_at_once),
        T(a_time_is_the_stores),
        T(wrong_arguments),
        T(strange_parts),
        T(the_last_of_a_text),
        T(as_a_plain_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
