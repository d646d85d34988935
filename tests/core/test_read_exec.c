/* test_read_exec.c: tests read_exec.c with real programs: which one is run, what it is given, and what is read of it.
 */
#include "exec_case.h"

#include <pthread.h>

#include "failing.h"
#include "keyplate_run.h"
#include "local/read_exec.h"

/* ---- What is read ---- */

static void what_the_program_writes(void **state) {
    (void)state;
    assert_true(gave(read_script("echo abc"), KP_FOUND, 0, "abc\n"));
    assert_true(gave(read_script("printf a; printf b; exec printf c"), KP_FOUND, 0, "abc"));
    assert_true(gave(read_script(":"), KP_FOUND, 0, ""));
    assert_true(gave(read_script("echo abc; echo trouble >&2"), KP_FOUND, 0, "abc\n"));
    assert_true(childless());
}

/* The room is as long as the output, or one byte shorter. */
static void the_longest_output(void **state) {
    (void)state;
    reading r;
    const char *path = script("p", "printf 0123456789");
    assert_true(gave(read_with(&r, path, 10, NULL), KP_FOUND, 0, "0123456789"));
    assert_true(gave(read_with(&r, path, 9, NULL), KP_UNFIT, KP_WHY_TOO_BIG, ""));
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(r.room[i], 0);
    assert_true(gave(read_script("while :; do echo more and more; done"), KP_UNFIT, KP_WHY_TOO_BIG, ""));
    assert_true(childless());
}

static void k4_a_nul_byte_from_a_program(void **state) {
    (void)state;
    assert_true(gave(read_script("printf 'ab\\000c'"), KP_UNFIT, KP_WHY_NUL, ""));
}

static void words_are_arguments_and_nothing_more(void **state) {
    (void)state;
    static const char show[] = "printf '%s.' \"$#\" \"$@\"";
    static const struct {
        const char *words, *shown;
    } rows[] = {
        {"", "0."},
        {" a b", "2.a.b."},
        {"  a  'b c' \"d  e\" ", "3.a.b c.d  e."},
        {" '' \"\"", "2..."},
        {" a\"b c\"'d'", "1.ab cd."},
        {" $HOME `id` $(id) * ~ ~/x a;b >f |g &", "10.$HOME.`id`.$(id).*.~.~/x.a;b.>f.|g.&."},
        {" \\ 'a\\' \"$HOME\"", "3.\\.a\\.$HOME."},
        {" --x=-y -- 0#1", "3.--x=-y.--.0#1."},
    };
    char command[600];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(command, sizeof command, "%s%s", script("p", show), rows[i].words);
        assert_true(gave(read_command(command), KP_FOUND, 0, rows[i].shown));
    }
    snprintf(command, sizeof command, "\"%s\" a", script("with blank", show));
    assert_true(gave(read_command(command), KP_FOUND, 0, "1.a."));
}

static void a_program_that_fails(void **state) {
    (void)state;
    assert_true(gave(read_script("echo abc; exit 1"), KP_FAILED, KP_WHY_EXIT, ""));
    assert_true(gave(read_script("echo abc; kill -KILL $$"), KP_FAILED, KP_WHY_EXIT, ""));
    assert_true(gave(read_script("printf 'ab\\000c'; exit 1"), KP_FAILED, KP_WHY_EXIT, ""));
    assert_true(childless());
}

/* ---- Which program ---- */

static void no_such_program(void **state) {
    (void)state;
    static const char *const commands[] = {"",        " ",    "/nowhere/p", "no-such-program-anywhere",
                                           "bin/p",   "./p",  "'' a",       "~/nowhere",
                                           "\"a\"/p", "/bin", "..",         "/bin/sh/p"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        assert_true(gave(read_command(commands[i]), KP_FAILED, KP_WHY_NO_PROGRAM, ""));
    script("p", "echo abc");
    assert_int_equal(chmod(scratch_path("p"), 0644), 0);
    assert_true(gave(read_command(scratch_path("p")), KP_FAILED, KP_WHY_NO_PROGRAM, ""));
    assert_true(childless());
}

#ifndef KP_VALGRIND
/* valgrind starts programs by itself, and does not tell that it could not. */
static void a_file_that_only_a_shell_would_run(void **state) {
    (void)state;
    assert_true(scratch_write("p", "echo abc\n", 9, 0755));
    assert_true(gave(read_command(scratch_path("p")), KP_FAILED, KP_WHY_NO_PROGRAM, ""));
    assert_true(scratch_write("p", "#!/nowhere/sh\n", 14, 0755));
    assert_true(gave(read_command(scratch_path("p")), KP_FAILED, KP_WHY_NO_PROGRAM, ""));
    assert_true(childless());
}
#endif

static bool look_in_path(void) {
    char path[1200];
    CHECK(mkdir(scratch_path("a"), 0755) == 0 && mkdir(scratch_path("b"), 0755) == 0);
    CHECK(mkdir(scratch_path("a/dir"), 0755) == 0);
    script("here", "echo wrong");
    script("a/closed", "echo wrong");
    CHECK(chmod(scratch_path("a/closed"), 0644) == 0);
    script("b/closed", "echo right");
    script("b/dir", "echo right");
    script("b/both", "echo second");
    script("a/both", "echo first");
    CHECK(chdir(scratch_folder) == 0);
    snprintf(path, sizeof path, ":.:a::/nowhere:%s:%s:/bin:/usr/bin:", scratch_path("a"), scratch_path("b"));
    CHECK(setenv("PATH", path, 1) == 0);
    CHECK(gave(read_command("closed"), KP_FOUND, 0, "right\n"));
    CHECK(gave(read_command("dir"), KP_FOUND, 0, "right\n"));
    CHECK(gave(read_command("both"), KP_FOUND, 0, "first\n"));
    CHECK(gave(read_command("here"), KP_FAILED, KP_WHY_NO_PROGRAM, ""));
    CHECK(setenv("PATH", "", 1) == 0);
    CHECK(gave(read_command("here"), KP_FAILED, KP_WHY_NO_PROGRAM, ""));
    CHECK(gave(read_command("printf abc"), KP_FAILED, KP_WHY_NO_PROGRAM, ""));
    CHECK(unsetenv("PATH") == 0);
    CHECK(gave(read_command("printf abc"), KP_FOUND, 0, "abc"));
    return true;
}

static void path_without_the_working_directory(void **state) {
    (void)state;
    assert_true(scratch_child(look_in_path));
}

static bool look_at_home(void) {
    script("p", "echo \"$0\"");
    CHECK(setenv("HOME", scratch_folder, 1) == 0);
    reading *r = read_command("~/p a");
    CHECK(r->how == KP_FOUND && r->len > 2 && strncmp(r->room, scratch_path("p"), r->len - 1) == 0);
    CHECK(read_command("\"~/p\"")->how == KP_FOUND);
    return true;
}

static void k7_a_program_in_the_home_folder(void **state) {
    (void)state;
    assert_true(scratch_child(look_at_home));
}

/* ---- What the program is given ---- */

static bool look_at_environment(void) {
    static const char *const names[] = {"KEYPLATE_HTTP_PROXY",   "CAPTCHAAI_API_KEY", "CAPTCHAAI_API_KEY_BACKUP",
                                        "NOCAPTCHAAI_API_KEY_2", "KP_TEST_MEMBER",    "KP_TEST_ONE",
                                        "KP_TEST_PASSWORD"};
    kp_config *config = kp_config_new();
    CHECK(kp_config_set(config, "keys", "[\"env:KP_TEST_MEMBER\"]") == 0);
    CHECK(kp_config_set(config, "redis.password", "env:KP_TEST_PASSWORD") == 0);
    kp_client *client = kp_client_new(config);
    kp_op *op = kp_op_new(client, KP_BALANCE);
    CHECK(kp_op_set(op, "key", "env:KP_TEST_ONE", 15) == 0);
    kp_local_time(op);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK(setenv(names[i], "s3cret", 1) == 0);
    CHECK(setenv("KP_TEST_OTHER", "passed on", 1) == 0);
    reading r;
    kp_patience patience = {.op = op, .until_ms = UINT64_MAX};
    const char *path = script("p", "env | grep -c s3cret; echo $KP_TEST_OTHER $HOME");
    CHECK(setenv("HOME", "/h", 1) == 0);
    CHECK(gave(read_with(&r, path, ROOM, &patience), KP_FOUND, 0, "0\npassed on /h\n"));
    CHECK(gave(read_command(path), KP_FOUND, 0, "3\npassed on /h\n")); /* without an operation nobody knows these */
    CHECK(strcmp(getenv("CAPTCHAAI_API_KEY"), "s3cret") == 0);
    kp_op_free(op);
    kp_client_free(client);
    kp_config_free(config);
    return true;
}

static void the_environment_without_keys(void **state) {
    (void)state;
    assert_true(scratch_child(look_at_environment));
}

/* Ours is a pipe that has something, and that nobody closes. */
static bool read_stdin(void) {
    int ends[2];
    CHECK(pipe(ends) == 0 && write(ends[1], "ours", 4) == 4 && dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    CHECK(gave(read_script("cat; echo end"), KP_FOUND, 0, "end\n"));
    return true;
}

static void an_empty_stdin(void **state) {
    (void)state;
    assert_true(scratch_child(read_stdin));
}

static bool list_descriptors(void) {
    CHECK(dup2(STDERR_FILENO, 40) == 40); /* not closed on exec, as of a careless host */
    CHECK(open("/dev/null", O_RDONLY | O_CLOEXEC) > 2);
    CHECK(gave(read_script("for i in 0 1 2 3 4 5 6 7 8 9 40; do [ ! -e /proc/$$/fd/$i ] || printf \"$i \"; done"),
               KP_FOUND, 0, "0 1 2 "));
    return true;
}

/* All three are closed, or only those of input and errors: the pipe's ends would be in their place. */
static bool read_without_streams(bool all) {
    int err = dup(STDERR_FILENO);
    for (int fd = 0; fd <= 2; fd++)
        if (all || fd != STDOUT_FILENO)
            close(fd);
    reading *r = read_script("cat; echo abc; echo trouble >&2");
    bool well = r->how == KP_FOUND && r->len == 4;
    well = well && fcntl(0, F_GETFD) == -1 && (!all || fcntl(1, F_GETFD) == -1) && fcntl(2, F_GETFD) == -1;
    dup2(err, STDERR_FILENO);
    CHECK(well);
    return true;
}

static bool without_stdin_and_stderr(void) {
    return read_without_streams(false);
}

static bool without_any_stream(void) {
    return read_without_streams(true);
}

static void no_descriptor_of_ours(void **state) {
    (void)state;
    assert_true(scratch_child(list_descriptors));
    assert_true(scratch_child(without_stdin_and_stderr));
    assert_true(scratch_child(without_any_stream));
}

static int count_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void none_is_kept_here(void **state) {
    (void)state;
    int before = count_descriptors();
    assert_int_equal(read_script("echo abc")->how, KP_FOUND);
    assert_int_equal(read_script("exit 1")->how, KP_FAILED);
    assert_int_equal(read_command("/nowhere")->how, KP_FAILED);
    assert_true(scratch_write("p", "x", 1, 0755));
    assert_int_equal(read_command(scratch_path("p"))->how, KP_FAILED);
    assert_int_equal(count_descriptors(), before);
    assert_true(childless());
}

static bool run_with_odd_signals(void) {
    sigset_t all;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
    CHECK(signal(SIGTERM, SIG_IGN) != SIG_ERR && signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    CHECK(gave(read_script("read -r a b c d e sid f </proc/$$/stat\n[ $sid = $$ ]"), KP_FOUND, 0, ""));
    reading *r = read_command("grep -E 'Sig(Blk|Ign)' /proc/self/status"); /* some shells would empty the mask */
    CHECK(r->how == KP_FOUND && r->len < ROOM);
    r->room[r->len] = '\0';
    const char *ignored = strstr(r->room, "SigIgn:\t");
    CHECK(strstr(r->room, "SigBlk:\t0000000000000000\n") && ignored);
    CHECK((strtoull(ignored + 8, NULL, 16) & 0x7FFFFFFF) == 0); /* two above are the C library's own */
    return true;
}

static void signals_as_in_a_new_process(void **state) {
    (void)state;
    assert_true(scratch_child(run_with_odd_signals));
}

static void short_memory(void **state) {
    (void)state;
    const char *path = script("p", "echo abc");
    bool failed = true;
    for (size_t i = 0; failed; i++) {
        assert_true(i < 100);
        failing_start(i, false);
        reading *r = read_command(path);
        failed = failing_stop();
        assert_true(gave(r, failed ? KP_FAILED : KP_FOUND, failed ? KP_WHY_IO : 0, failed ? "" : "abc\n"));
    }
    assert_true(childless());
}

static void wrong_use(void **state) {
    (void)state;
    char room[8];
    assert_int_equal(kp_read_exec(NULL, room, sizeof room, NULL, NULL, NULL), KP_FAILED);
    assert_int_equal(kp_read_exec("/bin/sh", NULL, 8, NULL, NULL, NULL), KP_FAILED);
    assert_int_equal(kp_read_exec("/bin/sh", room, 0, NULL, NULL, NULL), KP_FAILED);
    assert_int_equal(kp_read_exec("/bin/sh -c :", room, sizeof room, NULL, NULL, NULL), KP_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(what_the_program_writes),
        SCRATCH_TEST(the_longest_output),
        SCRATCH_TEST(k4_a_nul_byte_from_a_program),
        SCRATCH_TEST(words_are_arguments_and_nothing_more),
        SCRATCH_TEST(a_program_that_fails),
        SCRATCH_TEST(no_such_program),
#ifndef KP_VALGRIND
        SCRATCH_TEST(a_file_that_only_a_shell_would_run),
#endif
        SCRATCH_TEST(path_without_the_working_directory),
        SCRATCH_TEST(k7_a_program_in_the_home_folder),
        SCRATCH_TEST(the_environment_without_keys),
        SCRATCH_TEST(an_empty_stdin),
        SCRATCH_TEST(no_descriptor_of_ours),
        SCRATCH_TEST(none_is_kept_here),
        SCRATCH_TEST(signals_as_in_a_new_process),
        SCRATCH_TEST(short_memory),
        SCRATCH_TEST(wrong_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
