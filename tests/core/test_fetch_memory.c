/* test_fetch_memory.c: looks for the secrets of a fetch in the memory of a process that has made one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "chance.h"
#include "fragments.h"
#include "keyplate.h"
#include "policy/fetch.h"
#include "safe/arena.h"
#include "safe/scrub.h"
#include "sanitized.h"

enum { ROLE_SECRET = 1, TOKEN, KEY, SECRETS = KEY, LEN = 40 };

/* The same in both processes, written where it is wanted and nowhere else. */
static void make(int which, char *out) {
    chance c = {20261121u * (unsigned)which};
    for (size_t i = 0; i < LEN; i++)
        out[i] = (char)('!' + 1 + (char)chance_below(&c, 58)); /* no quote, no backslash */
}

static void add(kp_buf *b, const char *before, int which, const char *behind) {
    kp_buf_str(b, before);
    kp_buf_reserve(b, LEN);
    make(which, b->data + b->len);
    b->len += LEN;
    b->data[b->len] = '\0';
    kp_buf_str(b, behind);
}

static void on_read(kp_fetch *f) {
    kp_buf room;
    kp_buf_init(&room, &kp_safe);
    const char *name = kp_fetch_read(f);
    if (strcmp(name, "env:VAULT_ADDR") == 0)
        kp_buf_str(&room, "https://vault.test");
    else if (strcmp(name, "env:VAULT_ROLE_ID") == 0)
        kp_buf_str(&room, "role");
    else if (strcmp(name, "env:VAULT_SECRET_ID") == 0)
        add(&room, "", ROLE_SECRET, "");
    kp_fetch_on_read(f, room.len ? KP_FOUND : KP_ABSENT, 0, room.data, room.len);
    kp_buf_free(&room);
}

static void on_call(kp_fetch *f, bool login) {
    kp_buf body;
    kp_buf_init(&body, &kp_safe);
    if (login)
        add(&body, "{\"auth\":{\"client_token\":\"", TOKEN, "\",\"lease_duration\":900}}");
    else
        add(&body, "{\"data\":{\"data\":{\"api_key\":\"", KEY, "\"},\"metadata\":{\"version\":1}}}");
    kp_fetch_on_end(f, KP_NET_OK, KP_MAYBE_SENT, 200, 0, body.data, body.len, 1, 1);
    kp_buf_free(&body);
}

/* Says when it stands: before a call that has the token, and at the end. */
static void child(int say, int hear) {
    static const char text[] = "vault://secret/captchaai";
    char go = 'x';
    kp_keyref ref;
    kp_fetch *f = kp_fetch_new();
    kp_sessions *sessions = kp_sessions_new();
    bool ok = f && sessions && kp_keyref_parse(text, sizeof text - 1, NULL, &ref, NULL) == 0;
    kp_fetch_start(f, &ref, sessions, KP_FETCH_CURRENT, NULL, 1, 1, 1);
    for (int calls = 0; ok && kp_fetch_step(f) != KP_FETCH_END;) {
        if (kp_fetch_step(f) == KP_FETCH_READ) {
            on_read(f);
            continue;
        }
        if (calls == 1) {
            kp_scrub();
            ok = write(say, &go, 1) == 1 && read(hear, &go, 1) == 1;
        }
        on_call(f, calls++ == 0);
    }
    ok = ok && kp_fetch_result(f) == KP_FETCH_GOT;
    kp_scrub();
    if (ok && write(say, &go, 1) == 1)
        ok = read(hear, &go, 1) == 1;
    _exit(ok ? 0 : 1);
}

static void k10_a_fetch_leaves_no_secret_outside_safe_memory(void **state) {
    (void)state;
    if (SANITIZED || KP_VALGRIND || !probe_can_lock())
        skip();
    int from[2], to[2];
    assert_true(pipe(from) == 0 && pipe(to) == 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(from[1], to[0]);
    close(from[1]); /* a child that is gone is noticed */
    char go = 'x';
    size_t found = 0;
    for (int stop = 0; stop < 2; stop++) {
        assert_int_equal(read(from[0], &go, 1), 1);
        for (int which = 1; which <= SECRETS; which++) {
            char secret[LEN];
            fragments look;
            make(which, secret);
            fragments_make(&look, secret, LEN);
            found += fragments_of_process(&look, pid, IN_ALL_BUT_THE_LOCKED);
            fragments_free(&look);
        }
        assert_int_equal(write(to[1], &go, 1), 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(found, 0);
}

static void the_variables_with_credentials(void **state) {
    (void)state;
    static const char *const some[] = {"VAULT_TOKEN", "VAULT_SECRET_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
                                       "AWS_CONTAINER_AUTHORIZATION_TOKEN"};
    size_t found = 0, count = 0;
    const char *name;
    for (; (name = kp_fetch_credential(count)); count++) {
        assert_string_not_equal(name, "VAULT_ADDR");
        assert_string_not_equal(name, "AWS_REGION");
        for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
            found += strcmp(name, some[i]) == 0;
    }
    assert_int_equal(found, sizeof some / sizeof some[0]);
    assert_int_equal(count, 9);
    assert_null(kp_fetch_credential(SIZE_MAX));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k10_a_fetch_leaves_no_secret_outside_safe_memory),
        cmocka_unit_test(the_variables_with_credentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
