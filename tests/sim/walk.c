/* walk.c: walks the table of an operation at random, millions of steps, and checks what must hold on every path:
 *   no submit follows one that was accepted or whose outcome is unknown;
 *   every operation ends, in time;
 *   what the store took stands if and only if a submit was accepted or its outcome is unknown (or the store was away);
 *   an error after acceptance carries the task; "unknown" is said exactly when it is.
 *
 *     walk [STEPS [SEED]]        a million steps by default, a quarter with a sanitizer, sixty million with KP_LONG set
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/table.h"
#include "sanitized.h"
#include "world.h"

typedef struct {
    int granted; /* admissions that stand */
    int accepted, ambiguous, either;
} books;

/* One operation on its way; up to three of a client take turns. */
typedef struct {
    kp_op *op;
    books b;
    char trace[4096];
    uint64_t begun;
    size_t cancel_at, steps;
} walker;

/* What a body means for a submit, by the services' pages: Accepted, Refused, Failed (and charged), Unknown; E: accepted
   or unknown, as the call may be. */
typedef struct {
    const char *body;
    char means;
} scripted;

static const scripted captchaai_bodies[] = {{"{\"status\":1,\"request\":\"77\"}", 'A'},
                                            {"{\"status\":1,\"request\":\"12.5\"}", 'A'},
                                            {"OK|88", 'A'},
                                            {"12.5", 'U'},
                                            {"CAPCHA_NOT_READY", 'U'},
                                            {"{\"status\":0,\"request\":\"CAPCHA_NOT_READY\"}", 'U'},
                                            {"ERROR_WRONG_USER_KEY", 'R'},
                                            {"{\"status\":0,\"request\":\"ERROR_WRONG_USER_KEY\"}", 'R'},
                                            {"ERROR_ZERO_BALANCE", 'R'},
                                            {"IP_BANNED", 'R'},
                                            {"ERROR_IP_NOT_ALLOWED", 'R'},
                                            {"ERROR_NO_SLOT_AVAILABLE", 'R'},
                                            {"ERROR_CAPTCHA_UNSOLVABLE", 'F'},
                                            {"ERROR_BAD_PARAMETERS", 'R'},
                                            {"ERROR_SOMETHING_NEW", 'U'},
                                            {"", 'U'},
                                            {"<html>", 'U'},
                                            {"{\"status\":1", 'U'},
                                            {"ERROR_SERVER_ERROR", 'U'},
                                            {"MAX_USER_TURN", 'R'},
                                            {"ERROR_KEY_DOES_NOT_EXIST", 'R'}};
static const scripted task_bodies[] = {{"{\"errorId\":0,\"status\":\"idle\",\"taskId\":\"77\"}", 'E'},
                                       {"{\"errorId\":0,\"status\":\"ready\",\"solution\":{\"text\":\"x\"}}", 'A'},
                                       {"{\"errorId\":0,\"status\":\"processing\"}", 'U'},
                                       {"{\"balance\":3.5}", 'U'},
                                       {"{\"code\":1,\"msg\":\"KEY_DOES_NOT_EXIST\"}", 'R'},
                                       {"{\"errorId\":1,\"errorCode\":3}", 'R'},
                                       {"{\"code\":16,\"msg\":\"RATE_LIMITED\",\"retryAfterSec\":2}", 'R'},
                                       {"{\"error\":\"no\"}", 'U'},
                                       {"{\"code\":17,\"msg\":\"DAILY_LIMIT_EXCEEDED\"}", 'R'},
                                       {"{\"errorId\":0,\"status\":\"failed\"}", 'F'},
                                       {"[]", 'U'},
                                       {"", 'U'},
                                       {"<html>", 'U'},
                                       {"{\"code\":21,\"msg\":\"SERVICE_UNAVAILABLE\"}", 'U'},
                                       {"{\"code\":10,\"msg\":\"ERROR_BAD_PARAMETERS\"}", 'R'}};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What a store of keys has: one of few keys, or something else. */
static const char *any_secret(world *w) {
    static char secrets[4][160];
    static const char *const others[] = {"", "{}", "{\"errors\":[]}", "no JSON", "{\"data\":{\"data\":null}}"};
    if (!secrets[0][0])
        for (size_t i = 0; i < 4; i++) {
            char key[25] = "";
            for (size_t k = 0; k < 24; k++)
                key[k] = (char)('a' + (char)world_draw(w, 26));
            snprintf(secrets[i], sizeof secrets[i],
                     "{\"data\":{\"data\":{\"api_key\":\"%s\"},\"metadata\":{\"version\":%zu,\"destroyed\":false}}}",
                     key, i + 1);
        }
    return world_draw(w, 3) ? secrets[world_draw(w, 4)] : others[world_draw(w, COUNT(others))];
}

static world_answer any_http(world *w, const kp_op *op) {
    static const int statuses[] = {200, 200, 200, 200, 200, 200, 429, 500, 503, 302, 404, 403};
    bool captchaai = strcmp(kp_op_get(op, "provider", NULL), "captchaai") == 0;
    world_answer a = {.net = KP_NET_OK, .sent = KP_MAYBE_SENT, .takes_ms = world_draw(w, 3000)};
    a.status = statuses[world_draw(w, COUNT(statuses))];
    a.body = captchaai ? captchaai_bodies[world_draw(w, COUNT(captchaai_bodies))].body
                       : task_bodies[world_draw(w, COUNT(task_bodies))].body;
    if (world_draw(w, 2))
        a = world_success(w, op);
    if (world_draw(w, 2) && !captchaai)
        a.body = task_bodies[world_draw(w, 4)].body;
    if (strcmp(world_call(op), "source") == 0)
        a.body = any_secret(w);
    if (world_draw(w, 6) == 0) {
        a.net = 1 + (int)world_draw(w, 7);
        a.sent = (int)world_draw(w, 2);
        if (a.sent == KP_UNSENT || world_draw(w, 2))
            a.body = NULL;
    }
    if (world_draw(w, 8) == 0) {
        static const char *const waits[] = {"1", "30", "9999999", "-5", "x", "Fri, 20 Nov 2026 14:00:00 GMT"};
        a.header_name = "Retry-After";
        a.header_value = waits[world_draw(w, COUNT(waits))];
    }
    a.unframed = world_draw(w, 4) == 0;
    return a;
}

/* Few keys, made at run time: every key that was ever seen is looked for in every text from then on. */
static const char *any_place(world *w, const char *name) {
    if (strcmp(name, "env:VAULT_ADDR") == 0)
        return "http://127.0.0.1:8200";
    if (strncmp(name, "env:VAULT_", 10) == 0 && strcmp(name, "env:VAULT_TOKEN") != 0)
        return NULL;
    static char keys[5][32];
    if (world_draw(w, 3) == 0)
        return NULL;
    if (!keys[0][0])
        for (size_t i = 0; i < 5 * 32; i++)
            keys[i / 32][i % 32] = i % 32 < 24 ? (char)('a' + (char)world_draw(w, 26)) : '\0';
    keys[4][3] = ' ';
    return keys[world_draw(w, 20) ? world_draw(w, 4) : 4];
}

/* Now and then a reply that the map would not give: a wait, a refusal, something that is no reply at all. */
static bool any_store(world *w, const kp_op *op, char *reply, size_t size) {
    static const char *const odd[] = {"",     "bad verb", "ok",
                                      "no 5", "ok x y",   "no 1790000000000 gate 0 0 1790000060000"};
    const char *verb = kp_store_arg(op, 0, NULL);
    if (strcmp(verb, "SETTLE") == 0 || world_draw(w, 12))
        return false;
    if (strcmp(verb, "ADMIT") == 0 && world_draw(w, 2))
        snprintf(reply, size, "ok %lld %lld", (long long)w->unix_ms,
                 (long long)w->unix_ms + (long long)world_draw(w, 90000));
    else
        snprintf(reply, size, "%s", odd[world_draw(w, COUNT(odd))]);
    return true;
}

static void broken(const kp_op *op, const char *what, uint64_t seed, const char *trace) {
    fprintf(stderr, "walk: %s (seed %llu, state %s, error %s)\n%s\n", what, (unsigned long long)seed,
            kp_op_get(op, "state", NULL), kp_error_name(kp_op_error(op)), trace);
    exit(1);
}

/* What really became of a submit, told from what was scripted, not from what the operation made of it. */
static char truth(const world_answer *a, bool captchaai) {
    if (a->net != KP_NET_OK)
        return a->sent == KP_UNSENT ? 'R' : 'U';
    bool ok = a->status >= 200 && a->status < 300;
    bool plain = a->body[0] && a->body[0] != '{' && a->body[0] != '[';
    if ((ok && a->unframed && a->body[0] == '\0') || ((ok || a->status == 429) && a->unframed && plain))
        return 'U';
    char means = captchaai ? 'A' : 'U'; /* of world_success, which speaks CaptchaAI's grammar */
    for (size_t i = 0; i < COUNT(captchaai_bodies); i++)
        if (a->body == captchaai_bodies[i].body)
            means = captchaai_bodies[i].means;
    for (size_t i = 0; i < COUNT(task_bodies); i++)
        if (a->body == task_bodies[i].body)
            means = task_bodies[i].means;
    bool told = means == 'R' || means == 'F' || strstr(a->body, "SERVER_ERROR") || strstr(a->body, "NOT_READY") ||
                strstr(a->body, "SERVICE_UNAVAILABLE");
    if (ok || told)
        return means;
    bool cut = strcmp(a->body, "{\"status\":1") == 0;
    return a->status == 429 && means != 'A' && means != 'E' && !cut ? 'R' : 'U';
}

/* What the store granted and what the service took, side by side. */
static void keep_books(const world *w, const kp_op *op, books *b, const char *before, const char *after) {
    if (strcmp(before, "ADMIT") == 0 && (strcmp(after, "INTENT") == 0 || strcmp(after, "SUBMIT") == 0 ||
                                         strcmp(after, "HOLD") == 0 || strcmp(after, "REFUND") == 0))
        b->granted++;
    if (strcmp(before, "REFUND") == 0 && b->granted)
        b->granted--;
    if (strcmp(before, "SUBMIT") != 0)
        return;
    char became = truth(&w->last, strcmp(kp_op_get(op, "provider", NULL), "captchaai") == 0);
    b->accepted += became == 'A' || became == 'F';
    b->ambiguous += became == 'U';
    b->either += became == 'E';
}

static uint64_t steps, visits[KP_STATES];

static size_t index_of(const char *state) {
    for (size_t i = 0; i < KP_STATES; i++)
        if (strcmp(kp_state_name((kp_state)i), state) == 0)
            return i;
    return 0;
}

static void begin(walker *k, world *w, kp_client *client) {
    static const int kinds[] = {KP_BALANCE, KP_VERIFY, KP_SUBMIT, KP_SOLVE,   KP_SOLVE, KP_SOLVE,  KP_RESULT,
                                KP_WAIT,    KP_REPORT, KP_TELL,   KP_REFRESH, KP_USE,   KP_REVOKE, KP_PAUSE};
    *k = (walker){.begun = w->mono_ms};
    kp_op *op = kp_client_chore(client, w->mono_ms, NULL);
    k->op = op = op ? op : kp_op_new(client, kinds[world_draw(w, COUNT(kinds))]);
    bool captchaai = strcmp(kp_op_get(op, "provider", NULL), "captchaai") == 0;
    const char *method = captchaai ? "turnstile" : "AnyTask";
    const char *params = "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\"}";
    kp_op_set(op, "method", method, strlen(method));
    kp_op_set(op, "params", params, strlen(params));
    const char *task = world_draw(w, 2) ? "123"
                       : captchaai      ? "captchaai/primary~0123abcd/7"
                                        : "nocaptchaai/key2~0123abcd/7";
    kp_op_set(op, "task", task, strlen(task));
    static const char *const whats[] = {"keys", "places", "events", "limits", "primary", "key2", ""};
    const char *what = whats[world_draw(w, COUNT(whats))], *used = world_value(w, "keys/");
    bool key_known = used && world_draw(w, 3) == 0; /* a fingerprint, for KP_REVOKE */
    kp_op_set(op, "what", key_known ? used : what, key_known ? 8 : strlen(what));
    kp_op_set(op, "undo", world_draw(w, 4) ? "1" : "0", 1);
    kp_op_set(op, "now", world_draw(w, 2) ? "1" : "0", 1);
    kp_op_set(op, "for_ms", "30000", 5);
    kp_op_set(op, "client_id", world_draw(w, 2) ? "team-a" : "team-b", 6);
    if (!captchaai && world_draw(w, 3) == 0)
        kp_op_set(op, "sync", "1", 1);
    if (world_draw(w, 3) == 0)
        kp_op_set(op, "timeout_ms", "20000", 5);
    k->cancel_at = world_draw(w, 5) == 0 ? world_draw(w, 30) : SIZE_MAX;
}

/* One step of it; false once it is DONE. */
static bool go_on(walker *k, world *w, uint64_t seed) {
    kp_op *op = k->op;
    int step = kp_op_step(op);
    char before[16], after[16];
    snprintf(before, sizeof before, "%s", kp_op_get(op, "state", NULL));
    visits[index_of(before)]++;
    if (step == KP_DONE)
        return false;
    if (k->steps++ == k->cancel_at)
        kp_op_cancel(op);
    w->store_away = world_draw(w, 15) == 0;
    w->append_fails = world_draw(w, 15) == 0;
    if (strcmp(before, "SUBMIT") == 0 && (k->b.accepted || k->b.ambiguous || k->b.either))
        broken(op, "a submit follows one that was accepted or is unknown", seed, k->trace);
    world_step(w, op);
    steps++;
    snprintf(after, sizeof after, "%s", kp_op_get(op, "state", NULL));
    if (strlen(k->trace) < sizeof k->trace - 40)
        snprintf(k->trace + strlen(k->trace), 40, "%s > ", before);
    keep_books(w, op, &k->b, before, after);
    if (k->steps > 100000)
        broken(op, "it does not end", seed, k->trace);
    return true;
}

static void end(walker *k, const world *w, bool alone, uint64_t seed) {
    kp_op *op = k->op;
    bool unknown = kp_op_get(op, "unknown", NULL) != NULL, spent = k->b.accepted || k->b.ambiguous || k->b.either;
    const char *class = kp_error_class(kp_op_error(op));
    if (alone && w->mono_ms - k->begun > 400000)
        broken(op, "it took longer than its deadline", seed, k->trace);
    if (!k->b.either && unknown != (k->b.ambiguous > 0))
        broken(op, "unknown is said wrongly", seed, k->trace);
    if (k->b.granted != (spent ? 1 : 0))
        broken(op, spent ? "a spent submit is not on the books" : "the books keep what was not spent", seed, k->trace);
    if (k->b.accepted && kp_op_error(op) && !kp_op_get(op, "task", NULL) && strcmp(class, "task") != 0)
        broken(op, "an error after acceptance has no task", seed, k->trace);
    kp_op_free(op);
    k->op = NULL;
}

/* A client whose operations come one after the other, or three at a time. */
static void walk(world *w, kp_client *client, uint64_t seed) {
    walker walkers[3] = {0};
    size_t at_once = world_draw(w, 2) ? 1 : 3;
    for (int begun = 0, ended = 0; ended < 60;) {
        walker *k = &walkers[world_draw(w, at_once)];
        if (!k->op && begun < 60) {
            w->mono_ms += world_draw(w, 20000);
            begin(k, w, client);
            begun++;
        } else if (k->op && !go_on(k, w, seed)) {
            end(k, w, at_once == 1, seed);
            ended++;
        }
    }
}

/* The walk begins at 14:13:20 UTC. */
static const char dated[] =
    "[{\"name\":\"primary\",\"from\":[\"env:A\"],\"window\":\"14:10-14:20;16:25-16:35 Europe/Berlin\"},"
    "{\"name\":\"backup\",\"from\":[\"env:B\"],\"not_after\":\"2026-09-21T14:25:00Z\"},\"env:C\"]";

static void draw_limits(world *w, kp_config *config) {
    static const char *const outages[] = {"", "deny", "allow", "share=1/2"};
    kp_config_set(config, "limits.concurrent", world_draw(w, 2) ? "1" : "2");
    kp_config_set(config, "limits.on_limit", world_draw(w, 2) ? "wait" : "refuse");
    kp_config_set(config, "limits.per_minute", world_draw(w, 2) ? "2" : "100");
    kp_config_set(config, "limits.usd_per_24h", world_draw(w, 2) ? "0.01" : "5");
    kp_config_set(config, "limits.outage", outages[world_draw(w, COUNT(outages))]);
    kp_config_set(config, "limits.by",
                  "{\"client_id:team-a\":{\"per_day\":5},\"method:*\":{\"per_hour\":7,\"shadow\":true}}");
    kp_config_set(config, "prices", "{\"*\":\"0.001\"}");
    if (world_draw(w, 3) == 0)
        kp_config_set(config, "limits.window", "14:10-14:40; 16:25-18:35 Europe/Berlin");
}

int main(int argc, char **argv) {
    const uint64_t usual = SANITIZED ? 250000 : 1000000;
    uint64_t wanted = argc > 1 ? strtoull(argv[1], NULL, 10) : getenv("KP_LONG") ? 60000000 : usual;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    for (; steps < wanted; seed++) {
        world w;
        world_init(&w, seed);
        w.http = any_http;
        w.place = any_place;
        w.store = any_store;
        kp_config *config = kp_config_new();
        kp_config_set(config, "provider", world_draw(&w, 3) ? "captchaai" : "nocaptchaai");
        if (world_draw(&w, 3) == 0)
            kp_config_set(config, "keys",
                          "[\"vault://secret/k\",{\"name\":\"key2\",\"from\":[\"vault://secret/l\",\"env:B\"]}]");
        else if (world_draw(&w, 3) == 0)
            kp_config_set(config, "keys", dated);
        if (world_draw(&w, 2))
            kp_config_set(config, "ring.refresh", world_draw(&w, 2) ? "0" : "10s");
        if (world_draw(&w, 2))
            kp_config_set(config, "audit.file", "/nowhere");
        if (world_draw(&w, 2))
            draw_limits(&w, config);
        kp_client *client = kp_client_new(config);
        walk(&w, client, seed);
        kp_client_free(client);
        kp_config_free(config);
    }
    int missed = 0;
    printf("walked %llu steps;", (unsigned long long)steps);
    for (size_t i = 0; i < KP_STATES; i++) {
        printf(" %s %llu", kp_state_name((kp_state)i), (unsigned long long)visits[i]);
        missed += visits[i] == 0;
    }
    printf("\n");
    return missed != 0;
}
