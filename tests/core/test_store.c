/* test_store.c: what every store must do, over memory and SQLite, and which store a text opens. */
#include "store_suite.h"

/* A fresh store of the kind that the test was given. */
typedef struct {
    const char *kind;
    kp_store *store;
} fixture;

static int begin(void **state) {
    static fixture f;
    f.kind = *state;
    if (scratch_setup(NULL) != 0)
        return -1;
    f.store = strcmp(f.kind, "memory") == 0 ? kp_store_memory() : kp_store_sqlite(scratch_path("state.db"));
    *state = &f;
    hand_take();
    return f.store ? 0 : -1;
}

static int end(void **state) {
    fixture *f = *state;
    kp_mem_test_hook = NULL;
    hand_release();
    kp_store_close(f->store);
    return scratch_teardown(NULL);
}

static kp_store *store_of(void **state) {
    return ((fixture *)*state)->store;
}

/* A clock jump neither stretches nor ends a lockout. */
static void g3_wall_clock_jumps(void **state) {
    kp_store *s = store_of(state);
    hand_take();
    assert_string_equal(store_ask(s, "PUT cool +60000 60000"), "ok");
    const int64_t jumps[] = {DAY, -DAY, -400 * DAY, 20000 * DAY, 0};
    for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
        hand.wall = HAND_START + jumps[i];
        hand.boot = 5000000 + 59 * SECOND + (int64_t)i;
        assert_string_equal(store_ask(s, "ADMIT 1 0 gate cool"), "no gate 0 0 1790000060000");
    }
    hand.wall = HAND_START - DAY;
    hand.boot = 5000000 + 60 * SECOND;
    assert_string_equal(store_ask(s, "ADMIT 1 0 gate cool"), "ok 0");
    assert_int_equal(store_now(s), HAND_START + 60 * SECOND);
}

/* ---- Which store ---- */

static void opened_by_text(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"redis://h", "takes the library keyplate"},
        {"sqlite:", "names no file"},
        {"/var/x.db", "memory:, sqlite:PATH or redis://HOST"},
        {"memory", "memory:, sqlite:PATH or redis://HOST"},
    };
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        kp_buf_clear(&problem);
        assert_null(kp_store_open(wrong[i].text, &problem));
        assert_non_null(strstr(kp_buf_text(&problem), wrong[i].says));
    }
    kp_buf_free(&problem);
    kp_store *store = kp_store_open("memory:", NULL);
    assert_string_equal(store->text, "memory:");
    kp_store_close(store);
    kp_store_close(NULL);
    assert_null(kp_store_sqlite(NULL));
}

static void opening_with_short_memory(void **state) {
    (void)state;
    static const char *const texts[] = {"memory:", "sqlite:/nowhere/x.db", "sqlite:x.db", "sqlite:~/x.db"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        bool failed = true;
        for (size_t at = 0; failed; at++) {
            kp_buf problem;
            kp_buf_init(&problem, NULL);
            failing_start(at, false);
            kp_store *store = kp_store_open(texts[i], &problem);
            failed = failing_stop();
            assert_true(store != NULL || failed);
            kp_store_close(store);
            kp_buf_free(&problem);
        }
    }
}

static bool relative_and_home_paths(void) {
    CHECK(setenv("HOME", scratch_folder, 1) == 0 && chdir(scratch_folder) == 0);
    kp_store *home = kp_store_open("sqlite:~/home.db", NULL);
    kp_store *here = kp_store_open("sqlite:here.db", NULL);
    CHECK(home && here);
    CHECK(strstr(home->text, scratch_path("home.db")) && strstr(here->text, scratch_path("here.db")));
    CHECK(access("here.db", F_OK) != 0); /* nothing is opened before the first call */
    CHECK(chdir("/") == 0);
    CHECK(strcmp(store_ask(home, "PUT a b 1000"), "ok") == 0 && strcmp(store_ask(here, "PUT a b 1000"), "ok") == 0);
    CHECK(access(scratch_path("here.db"), F_OK) == 0);
    kp_store_close(home);
    kp_store_close(here);
    return true;
}

static void paths(void **state) {
    (void)state;
    assert_true(scratch_child(relative_and_home_paths));
}

/* ---- The store of the host ---- */

static void forget_environment(void) {
    static const char *const names[] = {"KEYPLATE_STATE_DIR", "XDG_STATE_HOME", "HOME", "TMPDIR"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}

static bool named_folder(void) {
    forget_environment();
    CHECK(setenv("KEYPLATE_STATE_DIR", scratch_path("state"), 1) == 0);
    kp_store *s = kp_store_open(NULL, NULL);
    CHECK(s && strstr(s->text, "sqlite:") == s->text && strstr(s->text, scratch_path("state/state.db")));
    CHECK(strcmp(store_ask(s, "PUT a b 100000"), "ok") == 0);
    kp_store *other = kp_store_open("", NULL);
    CHECK(other && strcmp(store_ask(other, "GET a"), "ok b") == 0);
    kp_store_close(s);
    kp_store_close(other);
    return true;
}

/* A folder that cannot be used is never replaced by another when the user named it. */
static bool named_folder_unfit(void) {
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    forget_environment();
    CHECK(scratch_write("plain", "x", 1, 0600) && setenv("KEYPLATE_STATE_DIR", scratch_path("plain"), 1) == 0);
    CHECK(!kp_store_open(NULL, &problem) && strstr(kp_buf_text(&problem), "KEYPLATE_STATE_DIR"));
    kp_buf_free(&problem);
    CHECK(mkdir(scratch_path("state"), 0700) == 0 && mkdir(scratch_path("state/state.db"), 0700) == 0);
    CHECK(setenv("KEYPLATE_STATE_DIR", scratch_path("state"), 1) == 0);
    kp_store *s = kp_store_open(NULL, NULL);
    CHECK(s && strstr(s->text, "sqlite:") == s->text && strstr(store_ask(s, "GET a"), "it is no regular file"));
    kp_store_close(s);
    return true;
}

static bool nowhere_to_write(void) {
    forget_environment();
    CHECK(mkdir(scratch_path("closed"), 0555) == 0 && setenv("TMPDIR", scratch_path("closed"), 1) == 0);
    CHECK(setenv("HOME", scratch_path("closed"), 1) == 0 && scratch_drop_rights());
    kp_store *s = kp_store_open(NULL, NULL);
    CHECK(s && strstr(s->text, "memory: (") == s->text && strstr(s->text, scratch_path("closed")));
    CHECK(s->trouble && strstr(s->trouble, scratch_path("closed")));
    CHECK(strcmp(store_ask(s, "PUT a b 100000"), "ok") == 0 && strcmp(store_ask(s, "GET a"), "ok b") == 0);
    kp_store_close(s);
    return true;
}

static bool file_of_another_user(void) {
    forget_environment();
    CHECK(mkdir(scratch_path("home"), 0777) == 0 && chmod(scratch_path("home"), 0777) == 0);
    CHECK(setenv("XDG_STATE_HOME", scratch_path("home"), 1) == 0);
    if (geteuid() != 0)
        return true;
    CHECK(mkdir(scratch_path("home/keyplate"), 0700) == 0);
    CHECK(chown(scratch_path("home/keyplate"), SCRATCH_NOBODY, SCRATCH_NOBODY) == 0);
    CHECK(scratch_write("home/keyplate/state.db", "", 0, 0600) && scratch_drop_rights());
    kp_store *s = kp_store_open(NULL, NULL);
    CHECK(s && strstr(s->text, "memory: (") == s->text && strstr(s->text, "may not write"));
    kp_store_close(s);
    return true;
}

static void default_in_a_named_folder(void **state) {
    (void)state;
    assert_true(scratch_child(named_folder));
    assert_int_equal(remove(scratch_path("state/state.db")) || remove(scratch_path("state/state.db-journal")) ||
                         remove(scratch_path("state")),
                     0);
    assert_true(scratch_child(named_folder_unfit));
}

static void k7_no_place_to_write(void **state) {
    (void)state;
    if (access("/var/lib/keyplate", F_OK) == 0)
        skip(); /* the state of this machine comes before any folder of the user */
    assert_true(scratch_child(nowhere_to_write));
    assert_true(scratch_child(file_of_another_user));
}

static char memory[] = "memory", sqlite[] = "sqlite";

int main(void) {
    const struct CMUnitTest tests[] = {
        SUITE(memory),
        SUITE(sqlite),
        cmocka_unit_test_prestate_setup_teardown(g3_wall_clock_jumps, begin, end, memory),
        cmocka_unit_test_prestate_setup_teardown(g3_wall_clock_jumps, begin, end, sqlite),
        cmocka_unit_test_prestate_setup_teardown(g1_threads_get_exactly_the_limit, begin, end, memory),
        cmocka_unit_test_prestate_setup_teardown(g1_threads_get_exactly_the_limit, begin, end, sqlite),
        cmocka_unit_test_prestate_setup_teardown(k8_fork_with_calls_in_flight, begin, end, memory),
        cmocka_unit_test_prestate_setup_teardown(k8_fork_with_calls_in_flight, begin, end, sqlite),
        cmocka_unit_test(opened_by_text),
        cmocka_unit_test(opening_with_short_memory),
        cmocka_unit_test_setup_teardown(paths, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(default_in_a_named_folder, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(k7_no_place_to_write, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
