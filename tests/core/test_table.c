/* test_table.c: prints the table of transitions and compares it with core/README.md; checks that the table is whole.
 *
 *     test_table           compares
 *     test_table --write   writes the section of core/README.md anew
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "engine/table.h"

static const char readme[] = KP_SOURCE_DIR "/core/README.md";
static const char begin_mark[] = "<!-- table:begin -->\n", end_mark[] = "<!-- table:end -->";

static void add_events(kp_buf *out, unsigned events) {
    const char *name, *gap = "";
    for (size_t bit = 0; (name = kp_event_name(bit, NULL)); bit++)
        if (events & (1U << bit)) {
            kp_buf_fmt(out, "%s%s", gap, name);
            gap = ", ";
        }
}

/* One arrow for each pair of states, with all events that lead along it. */
static void add_diagram(kp_buf *out) {
    kp_buf_str(out, "```mermaid\nstateDiagram-v2\n    [*] --> NEW\n");
    for (size_t from = 0; kp_state_text(from); from++)
        for (size_t to = 0; kp_state_text(to); to++) {
            unsigned events = 0;
            kp_row_text row;
            for (size_t i = 0; kp_table_row(i, &row); i++)
                if (strcmp(row.from, kp_state_name((kp_state)from)) == 0 &&
                    strcmp(row.to, kp_state_name((kp_state)to)) == 0)
                    events |= row.events;
            if (!events)
                continue;
            kp_buf_fmt(out, "    %s --> %s: ", kp_state_name((kp_state)from), kp_state_name((kp_state)to));
            add_events(out, events);
            kp_buf_char(out, '\n');
        }
    kp_buf_str(out, "    DONE --> [*]\n```\n\n");
}

static void add_states(kp_buf *out) {
    static const char *const steps[] = {"DONE", "TIME", "HTTP", "READ", "STORE", "APPEND"};
    kp_buf_str(out, "| state | step | what it is |\n| --- | --- | --- |\n");
    for (size_t i = 0; kp_state_text(i); i++)
        kp_buf_fmt(out, "| %s | %s | %s |\n", kp_state_name((kp_state)i), steps[kp_state_step((kp_state)i)],
                   kp_state_text(i));
    kp_buf_str(out, "\n| event | what it is |\n| --- | --- |\n");
    const char *name, *text = "";
    for (size_t bit = 0; (name = kp_event_name(bit, &text)); bit++)
        kp_buf_fmt(out, "| %s | %s |\n", name, text);
}

static void add_rows(kp_buf *out) {
    kp_buf_str(out, "\n| from | event | if | action | to |\n| --- | --- | --- | --- | --- |\n");
    kp_row_text row;
    for (size_t i = 0; kp_table_row(i, &row); i++) {
        kp_buf_fmt(out, "| %s | ", row.from);
        add_events(out, row.events);
        kp_buf_fmt(out, " | %s | %s | %s |\n", row.guard, row.action, row.to);
    }
}

static void print_all(kp_buf *out) {
    kp_buf_init(out, NULL);
    add_diagram(out);
    add_states(out);
    add_rows(out);
    assert_false(out->failed);
}

static void read_file(kp_buf *out) {
    char piece[4096];
    size_t n;
    kp_buf_init(out, NULL);
    FILE *file = fopen(readme, "r");
    assert_non_null(file);
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        kp_buf_add(out, piece, n);
    fclose(file);
}

/* The section of the file: from behind the first mark to the second one. */
static void find_section(const kp_buf *file, size_t *begin, size_t *end) {
    const char *text = kp_buf_text(file), *from = strstr(text, begin_mark);
    assert_non_null(from);
    const char *to = strstr(from, end_mark);
    assert_non_null(to);
    *begin = (size_t)(from - text) + strlen(begin_mark);
    *end = (size_t)(to - text);
}

static void write_section(void) {
    kp_buf file, printed;
    size_t begin, end;
    read_file(&file);
    print_all(&printed);
    find_section(&file, &begin, &end);
    FILE *out = fopen(readme, "w");
    assert_non_null(out);
    fwrite(file.data, 1, begin, out);
    fwrite(printed.data, 1, printed.len, out);
    fwrite(file.data + end, 1, file.len - end, out);
    assert_int_equal(fclose(out), 0);
    kp_buf_free(&file);
    kp_buf_free(&printed);
}

static void the_readme_shows_the_table_as_it_is(void **state) {
    (void)state;
    kp_buf file, printed;
    size_t begin, end;
    read_file(&file);
    print_all(&printed);
    find_section(&file, &begin, &end);
    if (end - begin != printed.len || memcmp(file.data + begin, printed.data, printed.len) != 0)
        fail_msg("core/README.md shows another table; test_table --write mends it");
    kp_buf_free(&file);
    kp_buf_free(&printed);
}

static bool leads_on(const char *state) {
    kp_row_text row;
    for (size_t i = 0; kp_table_row(i, &row); i++)
        if (strcmp(row.from, state) == 0)
            return true;
    return false;
}

static void every_state_but_done_leads_on_and_is_reached(void **state) {
    (void)state;
    for (size_t i = 0; kp_state_text(i); i++) {
        const char *name = kp_state_name((kp_state)i);
        bool done = strcmp(name, "DONE") == 0, reached = strcmp(name, "NEW") == 0;
        kp_row_text row;
        for (size_t k = 0; kp_table_row(k, &row); k++)
            reached = reached || (strcmp(row.to, name) == 0 && strcmp(row.from, name) != 0);
        assert_int_equal(leads_on(name), !done);
        assert_true(reached);
    }
}

/* A submit follows an admission, or a submit that was certainly not accepted: these rows and no others lead there. */
static void only_intent_and_again_lead_to_a_submit(void **state) {
    (void)state;
    kp_row_text row;
    for (size_t i = 0; kp_table_row(i, &row); i++)
        if (strcmp(row.to, "SUBMIT") == 0)
            assert_true(strcmp(row.from, "INTENT") == 0 || strcmp(row.from, "AGAIN") == 0);
        else if (strcmp(row.to, "AGAIN") == 0)
            assert_int_equal(row.events, KP_EV_UNSENT | KP_EV_BUSY);
}

/* The last row of a state and an event is without a condition, so that no event can be lost. */
static void every_event_of_a_state_has_a_row_without_a_condition(void **state) {
    (void)state;
    kp_row_text row, other;
    for (size_t i = 0; kp_table_row(i, &row); i++) {
        unsigned left = row.events;
        for (size_t k = 0; kp_table_row(k, &other); k++)
            if (strcmp(other.from, row.from) == 0 && strcmp(other.guard, "always") == 0)
                left &= ~other.events;
        if (left)
            fail_msg("%s has an event without an unconditional row", row.from);
    }
}

/* What the outside can answer to a step. */
static unsigned events_of(size_t state) {
    unsigned built = state == KP_S_PROBE || state == KP_S_SUBMIT || state == KP_S_POLL ? KP_EV_UNBUILT : 0;
    switch (kp_state_step((kp_state)state)) {
    case KP_TIME: return KP_EV_TIME | KP_EV_STOP;
    case KP_READ:
        if (state == KP_S_ZONE)
            return KP_EV_FOUND | KP_EV_ABSENT | KP_EV_STOP;
        if (state == KP_S_AUDITKEY)
            return KP_EV_FOUND | KP_EV_MORE | KP_EV_UNUSABLE | KP_EV_STOP;
        return KP_EV_CALL | KP_EV_TRANSIENT | KP_EV_FOUND | KP_EV_MORE | KP_EV_ABSENT | KP_EV_UNUSABLE | KP_EV_STOP;
    case KP_STORE: return KP_EV_YES | KP_EV_LATER | KP_EV_NO | KP_EV_AWAY;
    case KP_APPEND: return KP_EV_WRITTEN | KP_EV_UNWRITTEN;
    case KP_HTTP:
        if (state == KP_S_FETCH)
            return KP_EV_UNBUILT | KP_EV_MORE | KP_EV_STOP;
        return built | KP_EV_TASK | KP_EV_ANSWER | KP_EV_PENDING | KP_EV_UNSENT | KP_EV_BUSY | KP_EV_BADKEY |
               KP_EV_FUNDS | KP_EV_ADDRESS | KP_EV_REFUSED | KP_EV_FAILED | KP_EV_TRANSIENT | KP_EV_OTHER;
    default: return 0;
    }
}

/* An event without a row would change nothing, and the operation would ask for the same again for ever. */
static void every_answer_to_a_step_has_a_row(void **state) {
    (void)state;
    for (size_t s = 0; kp_state_text(s); s++) {
        unsigned there = 0;
        kp_row_text row;
        for (size_t i = 0; kp_table_row(i, &row); i++)
            if (strcmp(row.from, kp_state_name((kp_state)s)) == 0)
                there |= row.events;
        if (there != events_of(s))
            fail_msg("%s has rows for the events 0x%x of 0x%x", kp_state_name((kp_state)s), there, events_of(s));
    }
}

static bool is(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

/* Whether a row in front of this one leads what is paid already to POLL. */
static bool polls_what_is_paid(size_t i, const kp_row_text *row) {
    kp_row_text before;
    for (size_t k = 0; k < i && kp_table_row(k, &before); k++)
        if (is(before.from, row->from) && (before.events & row->events) == row->events &&
            is(before.guard, "free_call") && is(before.to, "POLL"))
            return true;
    return false;
}

/* What was accepted, has failed or is unknown is never admitted, submitted or refunded again. A task whose key is gone
   goes through GATE once more, with another key; what is paid is a free call from then on. */
static void behind_an_accepted_submit_there_is_only_the_end(void **state) {
    (void)state;
    const unsigned refused =
        KP_EV_UNBUILT | KP_EV_UNSENT | KP_EV_BUSY | KP_EV_BADKEY | KP_EV_ADDRESS | KP_EV_FUNDS | KP_EV_REFUSED;
    kp_row_text row;
    bool poll_first = false;
    for (size_t i = 0; kp_table_row(i, &row); i++) {
        if (is(row.to, "INTENT"))
            assert_true(is(row.from, "ADMIT") || is(row.from, "HOLD"));
        if (is(row.to, "ADMIT"))
            assert_true(polls_what_is_paid(i, &row));
        if (is(row.to, "QUEUE"))
            assert_string_equal(row.from, "ADMIT");
        if (is(row.from, "SUBMIT") && (row.events & ~refused))
            assert_true(is(row.to, "POLLWAIT") || is(row.to, "OUTCOME") || is(row.action, "accept_good"));
        if (is(row.from, "POLL") || is(row.from, "POLLWAIT"))
            assert_true(is(row.to, "POLL") || is(row.to, "POLLWAIT") || is(row.to, "COOL") || is(row.to, "OUTCOME") ||
                        is(row.to, "RECHECK"));
        if (is(row.from, "RECHECK")) /* other_*: never behind an accepted submit */
            assert_true(is(row.to, "POLL") || is(row.to, "OUTCOME") || is(row.action, "take_substitute") ||
                        strncmp(row.guard, "other_", 6) == 0);
        if (is(row.from, "POLL") && is(row.to, "COOL"))
            assert_true(strstr(row.action, "poll") || is(row.action, "take_good"));
        if (is(row.from, "OUTCOME"))
            assert_true(is(row.to, "DONE") || is(row.to, "FREE"));
        if (is(row.from, "FREE"))
            assert_string_equal(row.to, "DONE");
        poll_first = poll_first || (is(row.from, "COOL") && is(row.guard, "after_poll"));
        if (is(row.from, "COOL"))
            assert_true(poll_first || is(row.guard, "after_submit") || is(row.to, "COOL") || is(row.to, "POLLWAIT") ||
                        is(row.to, "OUTCOME") || is(row.action, "take_substitute") ||
                        strncmp(row.guard, "balance_", 8) == 0);
    }
}

/* A step STORE needs its verb: the action on the way there sets it. */
static void a_store_step_has_its_verb(void **state) {
    (void)state;
    static const char *const verbs[] = {"ask_",  "put_",    "next_key", "take_key",     "take_substitute",
                                        "_good", "_settle", "say_late", "say_unwritten"};
    kp_row_text row;
    for (size_t i = 0; kp_table_row(i, &row); i++) {
        bool sets = false, stores = false;
        for (size_t k = 0; k < sizeof verbs / sizeof verbs[0]; k++)
            sets = sets || strstr(row.action, verbs[k]);
        for (size_t s = 0; kp_state_text(s); s++)
            stores = stores || (is(row.to, kp_state_name((kp_state)s)) && kp_state_step((kp_state)s) == KP_STORE);
        if (stores && !sets)
            fail_msg("%s > %s by %s asks nothing", row.from, row.to, row.action);
    }
}

static void names_past_the_end(void **state) {
    (void)state;
    kp_row_text row;
    assert_string_equal(kp_state_name(KP_STATES), "?");
    assert_int_equal(kp_state_step(KP_STATES), KP_DONE);
    assert_null(kp_state_text(KP_STATES));
    assert_null(kp_event_name(SIZE_MAX, NULL));
    assert_int_equal(kp_table_row(SIZE_MAX, &row), 0);
    assert_int_equal(kp_table_row(0, NULL), 0);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--write") == 0) {
        write_section();
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_readme_shows_the_table_as_it_is),
        cmocka_unit_test(every_state_but_done_leads_on_and_is_reached),
        cmocka_unit_test(only_intent_and_again_lead_to_a_submit),
        cmocka_unit_test(every_event_of_a_state_has_a_row_without_a_condition),
        cmocka_unit_test(every_answer_to_a_step_has_a_row),
        cmocka_unit_test(behind_an_accepted_submit_there_is_only_the_end),
        cmocka_unit_test(a_store_step_has_its_verb),
        cmocka_unit_test(names_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
