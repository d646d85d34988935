/* op_begin.c: checks all that can be checked before a key is looked for, and settles the times of an operation. */
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "engine/moves.h"
#include "engine/op.h"
#include "safe/arena.h"
#include "safe/known.h"

enum { ARGS_ROOM = 1024, BODY_ROOM = 4096 };

static const struct {
    int kind;
    uint64_t timeout_ms;
} default_time[] = {{KP_SUBMIT, 60000}, {KP_WAIT, 120000}, {KP_SOLVE, 120000}};

static void settle_times(kp_op *op) {
    const kp_config *config = op->client->config;
    const kp_provider *provider = op->client->provider;
    const kp_method *method = op->checked.method;
    uint64_t time = 30000;
    for (size_t i = 0; i < sizeof default_time / sizeof default_time[0]; i++)
        if (default_time[i].kind == op->kind)
            time = default_time[i].timeout_ms;
    if (op->kind == KP_SOLVE || op->kind == KP_WAIT)
        time = method && method->deadline_ms ? method->deadline_ms : provider->deadline_ms;
    time = kp_config_number(config, KP_OPT_TIMEOUT, time);
    if (op->timeout_ms)
        time = op->timeout_ms;
    op->deadline_ms = op->mono_ms + time;
    uint32_t first = method && method->first_poll_ms ? method->first_poll_ms : provider->first_poll_ms;
    op->first_poll_ms = kp_config_number(config, KP_OPT_POLL_FIRST, first);
    op->every_ms = kp_config_number(config, KP_OPT_POLL_EVERY, provider->every_poll_ms);
}

static void check_submit(kp_op *op) {
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    int code = KP_E_MISSING;
    if (op->method.len == 0)
        kp_buf_str(&problem, "no method was given");
    else
        code = kp_params_check(op->client->provider, kp_buf_text(&op->method), op->params.len ? op->params.data : NULL,
                               op->params.len, op->file.data, op->file.len, op->sync, &op->checked, &problem);
    if (code)
        kp_op_fail(op, code, "%s", kp_buf_text(&problem));
    else
        kp_op_collect_secrets(op);
    kp_buf_free(&problem);
}

static void check_task(kp_op *op) {
    if (op->task.len == 0) {
        kp_op_fail(op, KP_E_MISSING, "no task was given");
        return;
    }
    if (!kp_taskref_parse(op->task.data, op->task.len, &op->ref)) {
        kp_op_fail(op, KP_E_TASK_REFERENCE, "%s", "");
        return;
    }
    if (op->ref.provider && op->ref.provider != op->client->provider) {
        kp_op_fail(op, KP_E_TASK_REFERENCE, "it belongs to %s, and this client talks to %s", op->ref.provider->name,
                   op->client->provider->name);
        return;
    }
    op->wants_one = op->ref.provider != NULL;
    memcpy(op->wanted, op->ref.fingerprint, sizeof op->wanted);
    kp_buf_add(&op->bare_id, op->ref.id, op->ref.id_len);
    kp_buf_add(&op->task_ref, op->task.data, op->task.len);
    if (op->bare_id.failed || op->task_ref.failed)
        kp_op_fail(op, KP_E_MEMORY, "%s", "");
}

static void check_report(kp_op *op) {
    kp_call_kind call = op->good ? KP_CALL_REPORT_GOOD : KP_CALL_REPORT_BAD;
    if (!op->client->provider->calls[call].http_method)
        kp_op_fail(op, KP_E_METHOD, "%s takes no reports", op->client->provider->title);
}

/* KP_REFRESH, KP_USE: the member that "what" names; none: the first. */
static void check_member(kp_op *op) {
    const kp_members *members = &op->client->ring.members;
    for (size_t i = 0; op->what.len && i < members->count; i++)
        if (kp_same(members->list[i].name, kp_buf_text(&op->what))) {
            op->refresh_member = i;
            return;
        }
    if (op->what.len == 0)
        return;
    kp_buf names; /* the one that was given may be a key in the wrong place */
    kp_buf_init(&names, NULL);
    for (size_t i = 0; i < members->count; i++)
        kp_buf_fmt(&names, "%s%s", i ? ", " : "", members->list[i].name);
    kp_op_fail(op, KP_E_MISUSE, "there is no key of that name; there are %s", kp_buf_text(&names));
    kp_buf_free(&names);
}

static bool is_fingerprint(const kp_buf *text) {
    return text->len == KP_FINGERPRINT_SIZE - 1 && strspn(kp_buf_text(text), "0123456789abcdef") == text->len;
}

static void check_kind(kp_op *op) {
    switch (op->kind) {
    case KP_SUBMIT:
    case KP_SOLVE: check_submit(op); return;
    case KP_RESULT:
    case KP_WAIT: check_task(op); return;
    case KP_REPORT:
        check_report(op);
        check_task(op);
        return;
    case KP_BALANCE:
    case KP_VERIFY: return;
    case KP_REFRESH:
    case KP_USE: check_member(op); return;
    case KP_PAUSE: return;
    case KP_REVOKE:
        if (!is_fingerprint(&op->what))
            kp_op_fail(op, KP_E_MISUSE, "kp_op_set \"what\" is no fingerprint of 8 hex digits");
        return;
    case KP_TELL:
        if (!kp_same(kp_buf_text(&op->what), "keys") && !kp_is_telling_places(op) && !kp_is_telling_itself(op) &&
            !kp_is_telling_limits(op))
            kp_op_fail(op, KP_E_MISUSE, "kp_op_set \"what\" must be keys, places, limits, events or metrics");
        return;
    default: kp_op_fail(op, KP_E_MISUSE, "there is no operation of kind %d", op->kind);
    }
}

static void choose_ring(kp_op *op) {
    op->ring = &op->client->ring;
    if (op->key_ref.len == 0)
        return;
    if (op->kind == KP_REFRESH || kp_is_managing(op)) {
        kp_op_fail(op, KP_E_MISUSE,
                   "kp_op_set \"key\" names a key that is no member of the ring, so it is not managed");
        return;
    }
    kp_buf json, problem;
    kp_buf_init(&json, &kp_safe);
    kp_buf_init(&problem, NULL);
    kp_buf_str(&json, "[{\"name\":\"candidate\",\"from\":[");
    kp_add_json(&json, op->key_ref.data, op->key_ref.len);
    kp_buf_str(&json, "]}]");
    int code = json.failed ? KP_E_MEMORY
                           : kp_ring_make(&op->own, op->client->provider, kp_buf_text(&json),
                                          kp_config_value(op->client->config, KP_OPT_HOST), &problem);
    if (code)
        kp_op_fail(op, code, "%s", kp_buf_text(&problem));
    op->ring = &op->own;
    kp_buf_free(&json);
    kp_buf_free(&problem);
}

static void check_strict(kp_op *op) {
    kp_client *client = op->client;
    if (!kp_config_flag(client->config, KP_OPT_STRICT))
        return;
    kp_buf weakness;
    kp_buf_init(&weakness, NULL);
    pthread_mutex_lock(&client->lock);
    bool weak = client->weakness.len > 0;
    kp_buf_add(&weakness, client->weakness.data, client->weakness.len);
    pthread_mutex_unlock(&client->lock);
    if (weak)
        kp_op_fail(op, KP_E_STRICT, "%s", kp_buf_text(&weakness));
    kp_buf_free(&weakness);
}

/* Room that is taken before anything is paid, so that memory that becomes short later neither loses an accepted task
   nor leaves something unsaid to the store: the verb, an answer of usual size, and the task's id and reference. */
static void make_room(kp_op *op) {
    bool room = kp_buf_reserve(&op->args, ARGS_ROOM) && kp_buf_reserve(&op->task_ref, KP_ID_MAX + 96);
    if (kp_op_is_paid(op))
        room = room && kp_buf_reserve(&op->body, BODY_ROOM) && kp_buf_reserve(&op->bare_id, KP_ID_MAX) &&
               kp_buf_reserve(&op->read.id, KP_ID_MAX);
    if (!room)
        kp_op_fail(op, KP_E_MEMORY, "%s", "");
}

void kp_op_prepare(kp_op *op) {
    if (!op->client) {
        kp_op_fail(op, KP_E_MISUSE, "the operation was made without a client");
        return;
    }
    op->deadline_ms = op->mono_ms + 30000;
    if (op->misuse)
        kp_op_fail(op, op->misuse, "%s", kp_buf_text(&op->misuse_text));
    else if (op->client->error && !kp_is_telling_itself(op)) /* what happened is told in any case */
        kp_op_fail(op, op->client->error, "%s", kp_buf_text(&op->client->problem));
    if (op->error)
        return;
    check_kind(op);
    if (!op->error)
        kp_op_check_terms(op);
    if (!op->error && !kp_is_telling_itself(op))
        check_strict(op);
    if (!op->error && !kp_is_telling_itself(op))
        choose_ring(op);
    settle_times(op);
    make_room(op);
}
