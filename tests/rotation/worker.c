/* worker.c: one process of the rotation test: threads that make calls with one client until standard input ends, and a
 * JSON line on standard output for each call. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyplate_run.h"

enum { THREADS = 8 };

static const char params[] = "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\"}";

static kp_client *client;
static kp_runner *runner;
static atomic_bool over;

typedef struct thread {
    pthread_t id;
    int number;
    unsigned calls;
} thread;

static void stop(const char *why) {
    fprintf(stderr, "worker: %s\n", why);
    exit(2);
}

/* What a fact is made of needs no escapes: words, digits, references; anything else ends the test. */
static void add_text(char *line, size_t size, const kp_op *op, const char *name) {
    const char *text = kp_op_get(op, name, NULL);
    size_t at = strlen(line);
    if (!text)
        return;
    if (strpbrk(text, "\"\\\n"))
        stop("a fact with a quote or a line end");
    if ((size_t)snprintf(line + at, size - at, ",\"%s\":\"%s\"", name, text) >= size - at)
        stop("a fact that is too long");
}

/* A list of keys has up to 35 values. */
enum { LINE_SIZE = 65536 };

/* One write: lines of several threads do not mix. */
static void record(thread *t, const char *call, const char *asked, const kp_op *op) {
    static const char *const facts[] = {"code", "task", "fingerprint", "unknown", "polls"};
    char line[LINE_SIZE];
    snprintf(line, sizeof line, "{\"thread\":%d,\"number\":%u,\"call\":\"%s\",\"asked\":\"%s\"", t->number, t->calls++,
             call, asked ? asked : "");
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        add_text(line, sizeof line, op, facts[i]);
    if (strcmp(call, "keys") != 0)
        add_text(line, sizeof line, op, "answer");
    else if (!kp_op_error(op)) {
        size_t at = strlen(line);
        snprintf(line + at, sizeof line - at, ",\"keys\":%s", kp_op_get(op, "answer", NULL));
    }
    size_t len = strlen(line);
    if (len + 2 >= sizeof line)
        stop("a line that is too long");
    memcpy(line + len, "}\n", 3);
    if (write(STDOUT_FILENO, line, len + 2) != (ssize_t)(len + 2))
        exit(2);
}

/* The task that the call named, for the caller to free. */
static char *call(thread *t, int kind, const char *name, const char *asked, bool *failed) {
    kp_op *op = kp_op_new(client, kind);
    if (kind == KP_SOLVE || kind == KP_SUBMIT) {
        kp_op_set(op, "method", "turnstile", strlen("turnstile"));
        kp_op_set(op, "params", params, strlen(params));
    }
    if (kind == KP_TELL)
        kp_op_set(op, "what", "keys", strlen("keys"));
    if (asked)
        kp_op_set(op, "task", asked, strlen(asked));
    *failed = kp_run(runner, op) != 0;
    record(t, name, asked, op);
    const char *task = kp_op_get(op, "task", NULL);
    char *copy = task ? strdup(task) : NULL;
    kp_op_free(op);
    return copy;
}

/* Whoever is told a task with an error asks for it again. */
static void solve(thread *t) {
    bool failed = false;
    char *task = call(t, KP_SOLVE, "solve", NULL, &failed);
    if (task && failed)
        free(call(t, KP_WAIT, "wait", task, &failed));
    free(task);
}

static void submit_and_wait(thread *t) {
    bool failed = false;
    char *task = call(t, KP_SUBMIT, "submit", NULL, &failed);
    if (!task)
        return;
    free(call(t, KP_WAIT, "wait", task, &failed));
    if (failed)
        free(call(t, KP_WAIT, "wait", task, &failed));
    free(task);
}

static void *make_calls(void *of) {
    thread *t = of;
    bool failed = false;
    for (unsigned round = (unsigned)t->number; !atomic_load(&over); round++) {
        if (round % 3 == 0)
            submit_and_wait(t);
        else
            solve(t);
        if (round % 2)
            free(call(t, KP_BALANCE, "balance", NULL, &failed));
        if (round % 4 == 0)
            free(call(t, KP_TELL, "keys", NULL, &failed));
    }
    return NULL;
}

int main(void) {
    static thread threads[THREADS];
    kp_config *config = kp_config_new();
    if (kp_local_configure(config, NULL) != 0)
        stop(kp_config_problem(config));
    client = kp_client_new(config);
    runner = kp_runner_new(client);
    kp_config_free(config);
    if (!client || !runner)
        stop("memory is short");
    for (int i = 0; i < THREADS; i++) {
        threads[i].number = i;
        if (pthread_create(&threads[i].id, NULL, make_calls, &threads[i]) != 0)
            stop("no thread");
    }
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    atomic_store(&over, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i].id, NULL);
    for (int i = 0; i < THREADS; i++)
        printf("{\"thread\":%d,\"calls\":%u}\n", i, threads[i].calls);
    kp_runner_free(runner);
    kp_client_free(client);
    return fflush(stdout) != 0;
}
