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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
