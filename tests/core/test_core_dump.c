/* test_core_dump.c: what a core dump during a call has, and memory after it. The calls are made by this program itself,
 * started anew, because keyplate has to be the first there to use libcurl. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <curl/curl.h>

#include "fragments.h"
#include "net/heap.h"
#include "raw_service.h"
#include "sanitized.h"

enum { WATCHDOG_S = 600, KEY_LEN = 40 };

/* ---- The process that calls: call URL KEY_FILE CA_FILE PROVIDER KIND HOW ---- */

static kp_op *calling;

static void cancel(int number) {
    (void)number;
    kp_run_cancel(calling);
}

/* Says "ended" when the call is over and all is freed, then lives until its standard input ends. */
static int call(char **with) {
    const char *url = with[0], *key_file = with[1], *ca_file = with[2], *provider = with[3];
    char text[512];
    alarm(WATCHDOG_S);
    if (strcmp(with[5], "late") == 0)
        curl_global_init(CURL_GLOBAL_DEFAULT);
    if (strcmp(with[5], "whole") == 0)
        kp_heap_guard_openssl();
    kp_config *config = kp_config_new();
    kp_config_set(config, "provider", provider);
    snprintf(text, sizeof text, "url.%s", provider);
    kp_config_set(config, text, url);
    snprintf(text, sizeof text, "[\"file:%s\"]", key_file);
    kp_config_set(config, "keys", text);
    kp_config_set(config, "store", "memory:");
    if (*ca_file)
        kp_config_set(config, "ca_file", ca_file);
    kp_client *client = kp_client_new(config);
    kp_runner *runner = kp_runner_new(client);
    calling = service_op(client, atoi(with[4]));
    signal(SIGTERM, cancel);
    kp_run(runner, calling);
    kp_op_free(calling);
    kp_runner_free(runner);
    kp_client_free(client);
    kp_config_free(config);
    char byte;
    return write(STDOUT_FILENO, "ended", 5) == 5 && read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
}

/* ---- This side ---- */

static const char *program;

typedef struct process {
    pid_t pid;
    int in, out; /* its standard input and output */
} process;

static process start(const char *const *words, const char *folder) {
    int in[2], out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        char *none[] = {NULL};
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* nothing outlives a test that fails */
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        if (!folder || chdir(folder) == 0)
            execvpe(words[0], (char **)(uintptr_t)words, folder ? environ : none);
        _exit(127);
    }
    assert_true(pid > 0);
    close(in[0]);
    close(out[1]);
    return (process){pid, in[1], out[0]};
}

/* Reads what the process says until the text has come. */
static bool await_text(const process *p, const char *text, char *all, size_t size) {
    size_t len = 0;
    while (len < size - 1) {
        ssize_t n = read(p->out, all + len, size - 1 - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        all[len] = '\0';
        if (memmem(all, len, text, strlen(text)))
            return true;
    }
    return false;
}

static int end(process *p, int signal_number) {
    int status = -1;
    close(p->in);
    if (signal_number)
        kill(p->pid, signal_number);
    waitpid(p->pid, &status, 0);
    close(p->out);
    return status;
}

static char key_path[] = "/tmp/keyplate-test-XXXXXX";
static fragments look;

/* The key is in the file and nowhere else: the environment of the process that calls is empty. */
static void write_key(void) {
    memcpy(key_path + sizeof key_path - 7, "XXXXXX", 6);
    int fd = mkstemp(key_path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, service_key, KEY_LEN), KEY_LEN);
    close(fd);
    fragments_make(&look, service_key, KEY_LEN);
}

static process start_call(const char *url, const char *ca_file, const char *provider, int kind, const char *how) {
    char number[16];
    snprintf(number, sizeof number, "%d", kind);
    write_key();
    return start((const char *const[]){program, "call", url, key_path, ca_file, provider, number, how, NULL}, NULL);
}

/* In the midst of the call, then after it. */
static void look_into(process *p, bool guarded) {
    size_t found = fragments_of_process(&look, p->pid, IN_A_CORE_DUMP);
    unlink(key_path);
    assert_int_not_equal(found, SIZE_MAX);
    assert_int_equal(found == 0, guarded);
    if (guarded) {
        char told[64];
        kill(p->pid, SIGTERM);
        assert_true(await_text(p, "ended", told, sizeof told));
        assert_int_equal(fragments_of_process(&look, p->pid, IN_ALL_BUT_THE_LOCKED), 0);
    }
    assert_int_equal(end(p, guarded ? 0 : SIGKILL), guarded ? 0 : SIGKILL);
    fragments_free(&look);
}

static raw_then never_answer(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    raw_hold(fd);
    return RAW_CLOSE;
}

/* The key is in a body, after it was in a URL. */
static void k10_core_dump_during_a_submit(void **state) {
    (void)state;
    if (SANITIZED || !probe_can_lock())
        skip();
    script.submit = never_answer;
    process p = start_call(raw_url(server), "", "captchaai", KP_SUBMIT, "plain");
    assert_true(raw_await(server, SUBMIT, 1));
    look_into(&p, true);
}

/* The key is in a header. */
static void k10_core_dump_during_a_balance(void **state) {
    (void)state;
    if (SANITIZED || !probe_can_lock())
        skip();
    script.result = never_answer;
    process p = start_call(raw_url(server), "", "nocaptchaai", KP_BALANCE, "plain");
    assert_true(raw_await(server, "", 1));
    look_into(&p, true);
}

/* The look finds what there is: with libcurl's own memory there are copies. */
static void k10_core_dump_with_libcurl_started_by_the_host(void **state) {
    (void)state;
    if (SANITIZED)
        skip();
    script.balance = never_answer;
    process p = start_call(raw_url(server), "", "captchaai", KP_BALANCE, "late");
    assert_true(raw_await(server, BALANCE, 1));
    look_into(&p, false);
}

/* ---- TLS: the server is that of openssl, which answers only what is typed ---- */

static int openssl(const char *folder, const char *const *words) {
    process p = start(words, folder);
    return end(&p, 0);
}

static bool make_certificate(const char *folder) {
    return openssl(folder, (const char *const[]){"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                                 "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "tls.key", "-out",
                                                 "tls.pem", "-subj", "/CN=keyplate tests", "-days", "2", "-addext",
                                                 "subjectAltName=IP:127.0.0.1", NULL}) == 0;
}

static void remove_certificate(const char *folder) {
    static const char *const names[] = {"tls.key", "tls.pem"};
    char path[64];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void look_into_tls(const char *how) {
    char folder[] = "/tmp/keyplate-test-XXXXXX", told[16384], url[64], ca_file[64];
    assert_non_null(mkdtemp(folder));
    if (!make_certificate(folder)) {
        remove_certificate(folder);
        skip();
    }
    static const char *const words[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert",
                                        "tls.pem", "-key",     "tls.key", NULL};
    process far = start(words, folder);
    assert_true(await_text(&far, "ACCEPT 127.0.0.1:", told, sizeof told));
    if (!strchr(strstr(told, "ACCEPT"), '\n'))
        assert_true(await_text(&far, "\n", told + strlen(told), sizeof told - strlen(told)));
    snprintf(url, sizeof url, "https://127.0.0.1:%d", atoi(strstr(told, "ACCEPT 127.0.0.1:") + 17));
    snprintf(ca_file, sizeof ca_file, "%s/tls.pem", folder);
    process p = start_call(url, ca_file, "captchaai", KP_BALANCE, how);
    assert_true(await_text(&far, "\r\n\r\n", told, sizeof told));
    look_into(&p, true);
    end(&far, SIGKILL);
    remove_certificate(folder);
}

static void k10_core_dump_during_a_call_over_tls(void **state) {
    (void)state;
    if (SANITIZED || !probe_can_lock())
        skip();
    look_into_tls("whole");
}

int main(int argc, char **argv) {
    if (argc == 8 && strcmp(argv[1], "call") == 0)
        return call(argv + 2);
    program = argv[0];
    alarm(WATCHDOG_S);
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(k10_core_dump_during_a_submit),
        SERVICE_TEST(k10_core_dump_during_a_balance),
        SERVICE_TEST(k10_core_dump_with_libcurl_started_by_the_host),
        SERVICE_TEST(k10_core_dump_during_a_call_over_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
