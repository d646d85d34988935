/* op_case.h: for tests of operations: a world with a client, scripted answers and places, and a run that looks for keys
 * in everything that an operation tells; include after cmocka.h. */
#ifndef KP_TESTS_OP_CASE_H
#define KP_TESTS_OP_CASE_H

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "safe/arena.h"
#include "world.h"

enum { SCRIPTED = 48, PLACES = 24, STEPS_MOST = 20000, TRACE = 8192 };

/* What calls of one kind get, in this order; what is not scripted succeeds. */
typedef struct {
    const char *call;
    world_answer answer;
    size_t left; /* 0: used up */
} scripted;

typedef struct {
    const char *name, *value;
    int how, why;
} scripted_place;

static struct {
    world w;
    kp_config *config;
    kp_client *client;
    kp_op *op; /* the last one made; freed with the next one */
    scripted script[SCRIPTED];
    size_t scripts;
    scripted_place place[PLACES];
    size_t places;
    const char *secrets[8]; /* no text may hold them */
    char trace[TRACE];      /* the states that were passed, each followed by a blank */
    char lines[4][1024];    /* the audit lines */
    size_t line_count;
} t;

static inline world_answer case_success(world *w, const kp_op *op) {
    world_answer a = world_success(w, op);
    if (strcmp(kp_op_get(op, "provider", NULL), "captchaai") == 0)
        return a;
    const char *call = world_call(op);
    a.body = strcmp(call, "submit") == 0 ? "{\"errorId\":0,\"status\":\"idle\",\"taskId\":\"4242\"}"
             : strcmp(call, "balance") == 0
                 ? "{\"balance\":12.345}"
                 : "{\"errorId\":0,\"status\":\"ready\",\"solution\":{\"text\":\"token-4242\"}}";
    return a;
}

static inline world_answer case_http(world *w, const kp_op *op) {
    for (size_t i = 0; i < t.scripts; i++)
        if (t.script[i].left && strcmp(t.script[i].call, world_call(op)) == 0) {
            t.script[i].left--;
            return t.script[i].answer;
        }
    return case_success(w, op);
}

static inline const char *case_place(world *w, const char *name) {
    for (size_t i = 0; i < t.places; i++)
        if (strcmp(t.place[i].name, name) == 0) {
            w->how = t.place[i].how;
            w->why = t.place[i].why;
            return t.place[i].value;
        }
    return NULL;
}

/* A key made here, looked for in every text from now on. Lent until the case ends. */
static inline const char *case_key(size_t n) {
    static char keys[8][40];
    for (size_t i = 0; i < 30; i++)
        keys[n][i] = (char)('a' + (char)world_draw(&t.w, 26));
    keys[n][30] = '\0';
    t.secrets[n] = keys[n];
    return keys[n];
}

static inline void put_place(const char *name, const char *value, int how, int why) {
    assert_true(t.places < PLACES);
    t.place[t.places++] = (scripted_place){name, value, how, why};
}

static inline void forget_places(void) {
    t.places = 0;
}

/* The next call of this kind (submit, result, balance, report) gets this answer; lent texts. */
static inline world_answer *put_answer(const char *call, int status, const char *body) {
    assert_true(t.scripts < SCRIPTED);
    t.script[t.scripts] = (scripted){call, {.sent = KP_MAYBE_SENT, .status = status, .body = body, .takes_ms = 20}, 1};
    return &t.script[t.scripts++].answer;
}

/* All further ones do. */
static inline world_answer *put_answers(const char *call, int status, const char *body) {
    world_answer *a = put_answer(call, status, body);
    t.script[t.scripts - 1].left = SIZE_MAX;
    return a;
}

/* The next call of this kind has no answer. */
static inline world_answer *put_loss(const char *call, int net, int sent) {
    world_answer *a = put_answer(call, 0, NULL);
    a->net = net;
    a->sent = sent;
    return a;
}

static inline void forget_answers(void) {
    t.scripts = 0;
}

/* The next case has other keys. */
static uint64_t case_seed = 1;

static inline int case_begin(void **state) {
    (void)state;
    memset(&t, 0, sizeof t);
    world_init(&t.w, case_seed++);
    t.w.http = case_http;
    t.w.place = case_place;
    t.config = kp_config_new();
    put_place("env:CAPTCHAAI_API_KEY", case_key(0), KP_FOUND, 0);
    put_place("env:NOCAPTCHAAI_API_KEY", t.secrets[0], KP_FOUND, 0);
    return t.config ? 0 : -1;
}

static inline int case_end(void **state) {
    (void)state;
    kp_op_free(t.op);
    kp_client_free(t.client);
    kp_config_free(t.config);
    t.op = NULL;
    t.client = NULL;
    t.config = NULL;
    return 0;
}

/* Before the first operation. */
static inline void option(const char *name, const char *value) {
    assert_int_equal(kp_config_set(t.config, name, value), 0);
}

/* As another process of the host: a client of its own, the same store. */
static inline void another_client(void) {
    kp_op_free(t.op);
    t.op = NULL;
    kp_client_free(t.client);
    t.client = kp_client_new(t.config);
    assert_non_null(t.client);
}

static inline void set(const char *name, const char *value) {
    assert_int_equal(kp_op_set(t.op, name, value, strlen(value)), 0);
}

static inline kp_op *make(int kind) {
    if (!t.client)
        another_client();
    kp_op_free(t.op);
    t.op = kp_op_new(t.client, kind);
    assert_non_null(t.op);
    t.trace[0] = '\0';
    t.line_count = 0;
    t.w.https = t.w.submits = t.w.lines = 0;
    return t.op;
}

/* An operation with plain parameters: SUBMIT and SOLVE a turnstile (captchaai) or AnyTask, the others task 4242. */
static inline kp_op *begin(int kind) {
    make(kind);
    bool captchaai = strcmp(kp_op_get(t.op, "provider", NULL), "captchaai") == 0;
    set("method", captchaai ? "turnstile" : "AnyTask");
    set("params", "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\"}");
    set("task", "4242");
    set("what", "keys");
    return t.op;
}

static inline const char *fact(const char *name) {
    return kp_op_get(t.op, name, NULL);
}

static inline long number(const char *name) {
    const char *text = fact(name);
    long value = -1;
    if (text)
        sscanf(text, "%ld", &value);
    return value;
}

static inline void no_secret_in(const char *text, const char *where) {
    for (size_t i = 0; text && i < 8; i++)
        if (t.secrets[i] && strstr(text, t.secrets[i]))
            fail_msg("a key is in %s: %s", where, text);
}

static inline void no_secret_told(void) {
    static const char *const names[] = {"answer",         "task",     "key",      "key_name",      "fingerprint",
                                        "source",         "provider", "balance",  "balance_micro", "unit",
                                        "cost_micro",     "polls",    "attempts", "elapsed_ms",    "text",
                                        "code",           "class",    "advice",   "provider_code", "http_status",
                                        "retry_after_ms", "unknown",  "flags",    "state"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        no_secret_in(fact(names[i]), names[i]);
}

/* One step; false once it is DONE. */
static inline bool step(void) {
    size_t len = strlen(t.trace);
    snprintf(t.trace + len, sizeof t.trace - len, "%s ", fact("state"));
    no_secret_in(kp_http_shown_url(t.op), "the shown URL");
    if (kp_op_step(t.op) == KP_APPEND && t.line_count < 4) {
        const char *line = kp_append_seal(t.op, t.w.last_line, strlen(t.w.last_line), NULL);
        snprintf(t.lines[t.line_count], sizeof t.lines[0], "%s", line ? line : "");
        no_secret_in(t.lines[t.line_count++], "the record");
    }
    for (size_t i = 0; kp_op_step(t.op) == KP_STORE && kp_store_arg(t.op, i, NULL); i++)
        no_secret_in(kp_store_arg(t.op, i, NULL), "the store");
    return world_step(&t.w, t.op);
}

/* Until it is in this state, or DONE. */
static inline bool reach(const char *state) {
    for (size_t i = 0; i < STEPS_MOST && strcmp(fact("state"), state) != 0; i++)
        if (!step())
            return false;
    return strcmp(fact("state"), state) == 0;
}

/* To its end; the error. */
static inline int run(void) {
    assert_true(reach("DONE"));
    step();
    no_secret_told();
    assert_int_equal(kp_op_step(t.op), KP_DONE);
    return kp_op_error(t.op);
}

static inline bool passed(const char *states) {
    return strstr(t.trace, states) != NULL;
}

static inline void expect_error(int code) {
    int error = run();
    if (error != code)
        fail_msg("%s, not %s: %s [%s]", kp_error_name(error), kp_error_name(code), fact("text"), t.trace);
}

static inline void expect_text(const char *part) {
    const char *text = fact("text");
    if (!text || !strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text ? text : "(nothing)");
}

static inline void expect_fact(const char *name, const char *value) {
    const char *text = fact(name);
    if (!value)
        assert_null(text);
    else if (!text || strcmp(text, value) != 0)
        fail_msg("%s is '%s', not '%s' [%s]", name, text ? text : "(nothing)", value, t.trace);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, case_begin, case_end)

#endif
