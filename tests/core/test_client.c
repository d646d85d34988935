/* test_client.c: one client under many threads, each with a world of its own; and how clients count and end. */
#include "engine/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "failing.h"
#include "op_case.h"

enum { THREADS = 8, ROUNDS = 30 };

static const char *primary, *backup;
static kp_client *shared;
static atomic_int wrong;

static const char *two_keys(world *w, const char *name) {
    (void)w;
    if (strcmp(name, "env:CAPTCHAAI_API_KEY") == 0)
        return primary;
    return strcmp(name, "env:CAPTCHAAI_API_KEY_BACKUP") == 0 ? backup : NULL;
}

/* Now and then the primary is refused, a poll fails, a connection breaks. */
static world_answer mixed(world *w, const kp_op *op) {
    world_answer a = world_success(w, op);
    switch (world_draw(w, 8)) {
    case 0: a.body = strstr(kp_op_get(op, "key_name", NULL), "primary") ? "ERROR_WRONG_USER_KEY" : a.body; break;
    case 1:
        a.net = KP_NET_CONNECT;
        a.sent = KP_UNSENT;
        a.body = NULL;
        break;
    case 2: a.status = strcmp(world_call(op), "submit") == 0 ? 200 : 503; break;
    default: break;
    }
    return a;
}

static void *work(void *arg) {
    static const int kinds[] = {KP_SOLVE, KP_BALANCE, KP_SUBMIT, KP_TELL, KP_WAIT, KP_VERIFY};
    static const char params[] = "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\"}";
    world *w = calloc(1, sizeof *w);
    world_init(w, (uint64_t)(uintptr_t)arg + 1);
    w->place = two_keys;
    w->http = mixed;
    for (size_t i = 0; i < ROUNDS; i++) {
        kp_op *op = kp_op_new(shared, kinds[world_draw(w, 6)]);
        kp_op_set(op, "method", "turnstile", 9);
        kp_op_set(op, "params", params, sizeof params - 1);
        kp_op_set(op, "task", "77", 2);
        kp_op_set(op, "what", "keys", 4);
        size_t cancel_at = world_draw(w, 4) ? SIZE_MAX : world_draw(w, 10), n = 0;
        while (world_step(w, op))
            if (n++ == cancel_at)
                kp_op_cancel(op);
        const char *text = kp_op_get(op, "text", NULL), *answer = kp_op_get(op, "answer", NULL);
        if ((text && (strstr(text, primary) || strstr(text, backup))) || (answer && strstr(answer, primary)))
            wrong++;
        wrong += kp_op_error(op) == KP_E_INTERNAL || kp_op_error(op) == KP_E_MEMORY;
        kp_op_get(op, "flags", NULL);
        kp_op_free(op);
        if (i % 10 == 0)
            kp_client_weaken(shared, "x");
        w->mono_ms += 70000;
        w->unix_ms += 70000;
    }
    free(w);
    return NULL;
}

static void many_threads_one_client(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    primary = case_key(1);
    backup = case_key(2);
    shared = kp_client_new(t.config);
    wrong = 0;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
    assert_int_equal(shared->owners, 1);
    assert_null(shared->loader);
    kp_client_free(shared);
}

static void *cancels(void *arg) {
    kp_op_cancel(arg);
    return NULL;
}

static void cancel_from_another_thread(void **state) {
    (void)state;
    for (size_t i = 0; i < 50; i++) {
        pthread_t thread;
        forget_answers();
        put_answers("result", 200, "CAPCHA_NOT_READY");
        begin(KP_WAIT);
        set("timeout_ms", "86400000");
        assert_int_equal(pthread_create(&thread, NULL, cancels, t.op), 0);
        expect_error(KP_E_CANCELLED);
        pthread_join(thread, NULL);
    }
}

static void ends_with_its_last_operation(void **state) {
    (void)state;
    size_t blocks = kp_safe_in_use();
    kp_client *client = kp_client_new(t.config);
    kp_op *a = kp_op_new(client, KP_VERIFY), *b = kp_op_new(client, KP_SOLVE);
    assert_int_equal(client->owners, 3);
    kp_client_free(client);
    assert_int_not_equal(world_run(&t.w, a, 100), 0);
    assert_int_equal(kp_op_error(a), 0);
    kp_op_free(a);
    assert_string_equal(kp_op_get(b, "provider", NULL), "captchaai");
    kp_op_free(b);
    assert_true(kp_safe_in_use() <= blocks + 1); /* the key stays known */
}

static void copies_its_configuration(void **state) {
    (void)state;
    option("timeout", "7s");
    another_client();
    option("timeout", "9s");
    assert_string_equal(kp_client_option(t.client, "timeout"), "7s");
    assert_string_equal(kp_client_option(t.client, "poll.every"), "");
    assert_null(kp_client_option(t.client, "nonsense"));
    begin(KP_BALANCE);
    uint64_t begun = t.w.mono_ms;
    assert_true(reach("POLL"));
    assert_int_equal(kp_op_until(t.op), begun + 7000);
}

static void egress_for_people(void **state) {
    (void)state;
    static const struct {
        const char *option, *value, *text;
    } cases[] = {{"timeout", "5s", "directly"},
                 {"source_address", "192.0.2.7", "from the address 192.0.2.7"},
                 {"proxy", "http://user:pass@word@host:1", "through the proxy host:1"},
                 {"proxy", "socks5://host:2/", "through the proxy socks5://host:2/"}};
    for (size_t i = 0; i < 4; i++) {
        kp_buf out;
        kp_buf_init(&out, NULL);
        option(cases[i].option, cases[i].value);
        another_client();
        kp_client_egress(t.client, &out);
        assert_non_null(strstr(kp_buf_text(&out), cases[i].text));
        assert_null(strstr(kp_buf_text(&out), "pass"));
        kp_buf_free(&out);
    }
}

static void scopes_are_of_service_address_and_egress(void **state) {
    (void)state;
    static const char *const options[][2] = {{"timeout", "3s"},
                                             {"url.captchaai", "https://127.0.0.1:1"},
                                             {"source_address", "192.0.2.7"},
                                             {"proxy", "http://host:1"},
                                             {"provider", "nocaptchaai"}};
    char seen[6][64] = {""};
    another_client();
    snprintf(seen[0], sizeof seen[0], "%s", t.client->scope);
    for (size_t i = 0; i < 5; i++) {
        option(options[i][0], options[i][1]);
        another_client();
        snprintf(seen[i + 1], sizeof seen[0], "%s", t.client->scope);
        for (size_t k = 0; k <= i; k++)
            assert_true((strcmp(seen[i + 1], seen[k]) == 0) == (i == 0)); /* a timeout is no other world */
    }
    assert_int_equal(strncmp(seen[1], "captchaai~", 10), 0);
}

static void memory_short_at_every_place(void **state) {
    (void)state;
    option("keys", "[\"env:A\",{\"name\":\"b\",\"from\":[\"env:B\",\"file:/b\"],\"account\":\"x\"}]");
    for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
        bool failed = true;
        for (size_t n = 0; failed; n++) {
            failing_start(n, from_there_on);
            kp_client *client = kp_client_new(t.config);
            failed = failing_stop();
            assert_true(!client || !failed || client->error == KP_E_MEMORY || client->error == KP_E_INTERNAL ||
                        client->error == 0);
            assert_true(failed || (client && !client->error));
            kp_client_free(client);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(many_threads_one_client),
        CASE(cancel_from_another_thread),
        CASE(ends_with_its_last_operation),
        CASE(copies_its_configuration),
        CASE(egress_for_people),
        CASE(scopes_are_of_service_address_and_egress),
        CASE(memory_short_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
