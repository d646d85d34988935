/* fetch_case.h: drives a fetch against places and answers made of texts. */
#ifndef KP_TESTS_FETCH_CASE_H
#define KP_TESTS_FETCH_CASE_H

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "failing.h"
#include "keyplate.h"
#include "policy/fetch.h"
#include "safe/arena.h"
#include "safe/known.h"

/* A variable or file that is there; all others are absent. */
typedef struct place {
    const char *name, *content;
    int how, why;
} place;

/* A call that has to come next, and what is answered. */
typedef struct call {
    const char *line; /* "GET https://host/path" */
    const char *with; /* in a header ("Name: value") or in the body; NULL: nothing to look for */
    int status;
    const char *body;
    int net;
    uint64_t retry_after_ms;
} call;

enum { CASE_STEPS = 200 };

typedef struct fetch_case {
    kp_fetch *fetch;
    kp_sessions *sessions;
    kp_keyref ref;
    kp_fetch_want want;
    const char *hosts;
    const place *places;
    const call *calls;
    size_t made; /* calls so far */
    uint64_t mono_ms;
    int64_t unix_ms;
} fetch_case;

static inline void case_begin(fetch_case *c, const char *reference) {
    memset(c, 0, sizeof *c);
    c->fetch = kp_fetch_new();
    c->sessions = kp_sessions_new();
    c->mono_ms = 1000000;
    c->unix_ms = 1790000000000;
    assert_non_null(c->fetch);
    assert_non_null(c->sessions);
    assert_int_equal(kp_keyref_parse(reference, strlen(reference), NULL, &c->ref, NULL), 0);
}

static inline void case_end(fetch_case *c) {
    kp_fetch_free(c->fetch);
    kp_sessions_free(c->sessions);
    kp_keyref_free(&c->ref);
}

static inline void case_read(fetch_case *c) {
    char room[8192];
    for (const place *p = c->places; p && p->name; p++) {
        if (strcmp(p->name, kp_fetch_read(c->fetch)) != 0)
            continue;
        size_t len = p->content ? strlen(p->content) : 0;
        assert_true(len < sizeof room);
        if (len > 0)
            memcpy(room, p->content, len);
        kp_fetch_on_read(c->fetch, p->how, p->why, room, len);
        kp_wipe(room, sizeof room);
        return;
    }
    kp_fetch_on_read(c->fetch, KP_ABSENT, 0, room, 0);
}

static inline bool case_has(const kp_request *r, const char *text) {
    char line[4096];
    bool found = r->has_body && strstr(kp_buf_text(&r->body), text);
    for (size_t i = 0; i < r->header_count; i++) {
        snprintf(line, sizeof line, "%s: %s", r->header_name[i], kp_buf_text(&r->header_value[i]));
        found = found || strstr(line, text);
        assert_null(strpbrk(kp_buf_text(&r->header_value[i]), "\r\n"));
    }
    return found;
}

static inline void case_call(fetch_case *c) {
    const call *now = &c->calls[c->made];
    const kp_request *r = kp_fetch_request(c->fetch);
    char line[2048];
    assert_non_null(r);
    snprintf(line, sizeof line, "%s %s", r->http_method, kp_buf_text(&r->url));
    if (!now->line || strcmp(now->line, line) != 0)
        fail_msg("call %zu is '%s', not '%s'", c->made, line, now->line ? now->line : "(none)");
    if (now->with && !case_has(r, now->with))
        fail_msg("'%s' lacks '%s'", line, now->with);
    c->made++;
    kp_fetch_on_end(c->fetch, now->net, KP_MAYBE_SENT, now->net ? 0 : now->status, now->retry_after_ms, now->body,
                    now->body ? strlen(now->body) : 0, c->mono_ms, c->unix_ms);
}

/* Once through; may be called again for another fetch with the same sessions. */
static inline kp_fetched case_run(fetch_case *c, const place *places, const call *calls) {
    c->places = places;
    c->calls = calls;
    c->made = 0;
    kp_fetch_start(c->fetch, &c->ref, c->sessions, c->want, c->hosts, c->mono_ms, c->unix_ms, 0x1122334455667788);
    for (int i = 0; kp_fetch_step(c->fetch) != KP_FETCH_END; i++) {
        assert_true(i < CASE_STEPS);
        if (kp_fetch_step(c->fetch) == KP_FETCH_READ)
            case_read(c);
        else
            case_call(c);
    }
    assert_null(kp_fetch_read(c->fetch));
    assert_null(kp_fetch_request(c->fetch));
    if (kp_fetch_error(c->fetch) != KP_E_MEMORY && c->calls && c->calls[c->made].line)
        fail_msg("'%s' was not called: %s", c->calls[c->made].line, kp_fetch_note(c->fetch));
    return kp_fetch_result(c->fetch);
}

static inline void case_got(fetch_case *c, const char *value, const char *version) {
    size_t len = 0;
    const char *got = kp_fetch_value(c->fetch, &len);
    if (!got)
        fail_msg("%s", kp_fetch_note(c->fetch));
    assert_int_equal(len, strlen(value));
    assert_memory_equal(got, value, len);
    assert_string_equal(kp_fetch_version(c->fetch), version);
    assert_int_equal(kp_fetch_error(c->fetch), 0);
    assert_non_null(strstr(kp_fetch_note(c->fetch), c->ref.text));
    assert_null(strstr(kp_fetch_note(c->fetch), value));
}

static inline void case_failed(fetch_case *c, int error, const char *says) {
    if (kp_fetch_result(c->fetch) != KP_FETCH_FAILED || kp_fetch_error(c->fetch) != error ||
        !strstr(kp_fetch_note(c->fetch), says))
        fail_msg("%d, not %d: '%s', not '%s'", kp_fetch_error(c->fetch), error, kp_fetch_note(c->fetch), says);
    assert_null(strstr(kp_fetch_note(c->fetch), "s3cret"));
    assert_null(kp_fetch_value(c->fetch, NULL));
    assert_string_equal(kp_fetch_version(c->fetch), "");
    assert_int_equal(kp_fetch_may_pass(c->fetch), error == KP_E_SOURCE_AWAY || error == KP_E_SOURCE_THROTTLED);
}

static inline void case_absent(fetch_case *c, const char *says) {
    if (kp_fetch_result(c->fetch) != KP_FETCH_ABSENT || !strstr(kp_fetch_note(c->fetch), says))
        fail_msg("%d: '%s', not '%s'", kp_fetch_error(c->fetch), kp_fetch_note(c->fetch), says);
    assert_int_equal(kp_fetch_error(c->fetch), 0);
}

/* One fetch on its own. */
static inline void case_fails(const char *reference, const place *places, const call *calls, int error,
                              const char *says) {
    fetch_case c;
    case_begin(&c, reference);
    case_run(&c, places, calls);
    case_failed(&c, error, says);
    case_end(&c);
}

/* What a call is answered, and how the fetch ends for it. */
typedef struct reply {
    int status;
    const char *body;
    int error;
    const char *says;
} reply;

/* before: a call that succeeds first; NULL: none. */
static inline void case_each_reply(const char *reference, const place *places, const call *before, const char *line,
                                   const reply *replies, size_t count) {
    for (size_t i = 0; i < count; i++) {
        call calls[3] = {{0}};
        size_t n = 0;
        if (before)
            calls[n++] = *before;
        calls[n] = (call){line, NULL, replies[i].status, replies[i].body, 0, 0};
        case_fails(reference, places, calls, replies[i].error, replies[i].says);
    }
}

/* Places with which nothing is asked, and why. */
typedef struct setup {
    const char *reference; /* NULL: the usual one */
    place places[4];
    const char *says;
} setup;

static inline void case_each_setup(const char *reference, const setup *setups, size_t count) {
    for (size_t i = 0; i < count; i++)
        case_fails(setups[i].reference ? setups[i].reference : reference, setups[i].places, (call[]){{0}},
                   KP_E_SOURCE_SETUP, setups[i].says);
}

/* Up to the first call. */
static inline void case_to_the_call(fetch_case *c, const place *places) {
    c->places = places;
    kp_fetch_start(c->fetch, &c->ref, c->sessions, c->want, c->hosts, c->mono_ms, c->unix_ms, 1);
    while (kp_fetch_step(c->fetch) == KP_FETCH_READ)
        case_read(c);
    assert_non_null(kp_fetch_request(c->fetch));
}

static inline bool is_masked(const char *secret) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_known_mask(&out, secret, strlen(secret));
    bool masked = strcmp(kp_buf_text(&out), KP_MASK_TEXT) == 0;
    kp_buf_free(&out);
    return masked;
}

/* Each allocation in turn: the fetch ends with memory short or as it should, and nothing is left behind. */
static inline void case_each_allocation_fails(const char *reference, const place *places, const call *calls,
                                              const char *value) {
    size_t before = kp_safe_in_use();
    for (int from = 0; from < 2; from++)
        for (size_t i = 0;; i++) {
            fetch_case c;
            case_begin(&c, reference);
            failing_start(i, from);
            case_run(&c, places, calls);
            bool failed = failing_stop();
            size_t len = 0;
            const char *got = kp_fetch_value(c.fetch, &len);
            if (got)
                assert_memory_equal(got, value, len);
            else
                assert_int_equal(kp_fetch_error(c.fetch), KP_E_MEMORY);
            assert_true(got || failed);
            case_end(&c);
            if (!failed)
                break;
        }
    /* what is known stays known */
    assert_true(kp_safe_in_use() < before + 200);
}

#endif
