/* op.c: makes and ends operations, and takes what callers and drivers tell them. */
#include "engine/op.h"

#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "engine/moves.h"
#include "safe/arena.h"

int kp_abi(void) {
    return KP_ABI;
}

const char *kp_version(void) {
    return KP_VERSION;
}

static void init_buffers(kp_op *op) {
    kp_buf *plain[] = {&op->zone_path,  &op->former, &op->what,         &op->misuse_text,  &op->looked_at,
                       &op->key_source, &op->line,   &op->first_detail, &op->first_source, &op->detail,
                       &op->answer,     &op->text,   &op->fact,         &op->args,         &op->sealed,
                       &op->client_id,  &op->tags,   &op->limit};
    kp_buf *safe[] = {&op->method, &op->params,  &op->file,     &op->key_ref, &op->body,
                      &op->task,   &op->bare_id, &op->task_ref, &op->secrets};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        kp_buf_init(plain[i], NULL);
    for (size_t i = 0; i < sizeof safe / sizeof safe[0]; i++)
        kp_buf_init(safe[i], &kp_safe);
    kp_finder_init(&op->finder);
    kp_request_init(&op->request);
    kp_answer_init(&op->read);
}

static void free_buffers(kp_op *op) {
    kp_buf *all[] = {&op->zone_path,    &op->former,    &op->method,     &op->task,    &op->key_ref, &op->what,
                     &op->misuse_text,  &op->looked_at, &op->key_source, &op->bare_id, &op->line,    &op->first_detail,
                     &op->first_source, &op->detail,    &op->task_ref,   &op->answer,  &op->text,    &op->fact,
                     &op->args,         &op->params,    &op->file,       &op->body,    &op->secrets, &op->sealed,
                     &op->client_id,    &op->tags,      &op->limit};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        kp_buf_free(all[i]);
    kp_finder_free(&op->finder);
    kp_request_free(&op->request);
    kp_answer_free(&op->read);
}

kp_op *kp_op_new(kp_client *client, int kind) {
    kp_op *op = kp_zalloc(1, sizeof *op);
    if (!op)
        return NULL;
    init_buffers(op);
    op->client = kp_client_keep(client);
    op->kind = kind;
    op->good = true;
    op->key_name = "";
    atomic_init(&op->cancelled, 0);
    unsigned char id[16] = {0};
    if (kp_crypto_start()) {
        kp_random(id, sizeof id);
        kp_random(&op->random, sizeof op->random);
    }
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof id; i++) {
        op->id[2 * i] = digits[id[i] >> 4];
        op->id[2 * i + 1] = digits[id[i] & 15];
    }
    return op;
}

static void end_driving(kp_op *op) {
    void *driving = op->driving;
    op->driving = NULL;
    if (driving)
        op->let_go(op, driving);
}

void kp_op_free(kp_op *op) {
    if (!op)
        return;
    end_driving(op);
    kp_op_end_look(op);
    kp_cell_drop(op->cell);
    for (size_t i = 0; op->reports && i < op->ring->members.count; i++)
        kp_buf_free(&op->reports[i]);
    kp_free(op->reports);
    kp_op_free_told(op);
    kp_ring_free(&op->own);
    free_buffers(op);
    kp_client_free(op->client);
    kp_free(op);
}

void kp_op_cancel(kp_op *op) {
    if (op)
        atomic_store_explicit(&op->cancelled, 1, memory_order_relaxed);
}

int kp_op_cancelled(const kp_op *op) {
    return op ? atomic_load_explicit(&((kp_op *)(uintptr_t)op)->cancelled, memory_order_relaxed) : 0;
}

/* The first wrong use sticks; the operation ends with it. A name is shown, a value never. */
static int misuse(kp_op *op, const char *name, const char *text) {
    if (op->misuse)
        return KP_E_MISUSE;
    op->misuse = KP_E_MISUSE;
    kp_buf_str(&op->misuse_text, "kp_op_set \"");
    kp_add_shown(&op->misuse_text, name, strlen(name), 60);
    kp_buf_str(&op->misuse_text, "\": ");
    kp_buf_str(&op->misuse_text, text);
    return KP_E_MISUSE;
}

static int set_text(kp_op *op, kp_buf *into, const char *value, size_t len) {
    kp_buf_clear(into);
    kp_buf_reserve(into, len);
    kp_buf_add(into, value, len);
    if (!into->failed)
        return KP_OK;
    op->misuse = KP_E_MEMORY;
    return KP_E_MEMORY;
}

static int set_flag(kp_op *op, const char *name, bool *into, const char *value, size_t len) {
    if (!kp_same_n(value, len, "0") && !kp_same_n(value, len, "1"))
        return misuse(op, name, "it is 0 or 1");
    *into = value[0] == '1';
    return KP_OK;
}

int kp_op_set(kp_op *op, const char *name, const char *value, size_t len) {
    if (!op || op->started)
        return KP_E_MISUSE; /* nobody but the caller is there to be told, or it is too late */
    if (!name || !value)
        return misuse(op, name ? name : "", "name and value must be there");
    struct {
        const char *name;
        kp_buf *into;
    } texts[] = {{"method", &op->method}, {"params", &op->params}, {"file", &op->file},          {"task", &op->task},
                 {"key", &op->key_ref},   {"what", &op->what},     {"client_id", &op->client_id}};
    struct {
        const char *name;
        bool *into;
    } flags[] = {
        {"good", &op->good}, {"sync", &op->sync}, {"dry_run", &op->dry_run}, {"undo", &op->undo}, {"now", &op->now}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (kp_same(name, texts[i].name)) {
            if (texts[i].into != &op->file && memchr(value, 0, len))
                return misuse(op, name, "the text has a NUL byte in it");
            return set_text(op, texts[i].into, value, len);
        }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (kp_same(name, flags[i].name))
            return set_flag(op, name, flags[i].into, value, len);
    if (kp_starts(name, "tag.")) {
        const char *why = kp_op_add_tag(op, name + 4, value, len);
        return why ? misuse(op, "tag", why) : KP_OK;
    }
    uint64_t *into = kp_same(name, "timeout_ms") ? &op->timeout_ms : kp_same(name, "for_ms") ? &op->for_ms : NULL;
    if (!into)
        return misuse(op, name, "there is no such name");
    int64_t ms = 0;
    if (!kp_parse_i64(value, len, &ms) || ms < 0 || ms > 366LL * 86400000)
        return misuse(op, name, "it is a number of milliseconds, at most 366 days");
    *into = (uint64_t)ms;
    return KP_OK;
}

int kp_op_step(const kp_op *op) {
    return op ? kp_state_step(op->state) : KP_DONE;
}

/* What has to be settled after the deadline (the store, the record) still gets this long. */
enum { GRACE_MS = 5000 };

/* What was taken or learnt is told even when the time is over. */
static bool is_settling(const kp_op *op) {
    return op->state == KP_S_REFUND || op->state == KP_S_COOL || op->state == KP_S_OUTCOME || op->state == KP_S_FREE;
}

/* One read may take half a minute, so that a poll that hangs does not eat the time of all others. */
static uint64_t call_end(const kp_op *op) {
    uint64_t end = op->begun_ms + 30000;
    return op->state == KP_S_SUBMIT || end > op->deadline_ms ? op->deadline_ms : end;
}

uint64_t kp_op_until(const kp_op *op) {
    if (!op || op->state == KP_S_NEW || op->state == KP_S_DONE)
        return 0;
    switch (kp_op_step(op)) {
    case KP_TIME: return op->when_ms < op->deadline_ms ? op->when_ms : op->deadline_ms;
    case KP_HTTP: return call_end(op);
    default:
        return is_settling(op) && op->begun_ms + GRACE_MS > op->deadline_ms ? op->begun_ms + GRACE_MS : op->deadline_ms;
    }
}

uint64_t kp_op_in(const kp_op *op, uint64_t ms) {
    uint64_t left = op->deadline_ms > op->mono_ms ? op->deadline_ms - op->mono_ms : 0;
    return op->mono_ms + (ms < left ? ms : left);
}

size_t kp_op_limit(const kp_op *op) {
    if (kp_op_step(op) == KP_READ)
        return KP_ROOM_SIZE;
    if (kp_op_step(op) == KP_HTTP)
        return (size_t)kp_config_number(op->client->config, KP_OPT_MAX_ANSWER, 1048576);
    return 0;
}

void kp_on_time(kp_op *op, uint64_t mono_ms, int64_t unix_ms, int32_t zone_s) {
    if (!op || op->state == KP_S_DONE)
        return;
    if (mono_ms > op->mono_ms)
        op->mono_ms = mono_ms;
    op->unix_ms = unix_ms;
    op->zone_s = zone_s;
    if (!op->started) {
        op->started = true;
        op->start_ms = op->mono_ms;
        kp_op_prepare(op);
    }
    if (kp_op_step(op) != KP_TIME)
        return;
    if (op->state != KP_S_NEW && kp_is_stopping(op))
        kp_fire(op, KP_EV_STOP);
    else if (op->state == KP_S_NEW && kp_op_cancelled(op) && !kp_is_faulty(op))
        kp_fire(op, KP_EV_STOP);
    else if (op->state == KP_S_NEW || op->mono_ms >= op->when_ms)
        kp_fire(op, KP_EV_TIME);
}

void kp_on_end(kp_op *op, int net, int sent) {
    if (kp_op_step(op) != KP_HTTP)
        return;
    end_driving(op); /* another driver's: it would go on with a request that is cleared here */
    op->net = net;
    op->sent = sent;
    if (op->state == KP_S_FETCH) {
        kp_op_end_fetch_call(op);
        op->built = false;
        kp_fire(op, kp_is_stopping(op) ? KP_EV_STOP : KP_EV_MORE);
        return;
    }
    kp_event event = kp_op_classify(op);
    kp_request_clear(&op->request);
    op->built = false;
    kp_fire(op, event);
}

void kp_on_read(kp_op *op, int how, int why, size_t len) {
    if (kp_op_step(op) != KP_READ)
        return;
    kp_event event = kp_op_take_read(op, how, why, len);
    kp_fire(op, kp_is_stopping(op) ? KP_EV_STOP : event);
}

void kp_on_store(kp_op *op, int failed, const char *reply, size_t len) {
    if (kp_op_step(op) == KP_STORE)
        kp_fire(op, kp_op_take_reply(op, failed, reply, len));
}

void kp_on_append(kp_op *op, int failed) {
    if (kp_op_step(op) != KP_APPEND)
        return;
    op->intended = op->intended || !failed;
    kp_fire(op, failed ? KP_EV_UNWRITTEN : KP_EV_WRITTEN);
}

const char *kp_read_name(const kp_op *op) {
    return kp_op_step(op) == KP_READ ? kp_op_place(op) : NULL;
}

void *kp_read_room(kp_op *op) {
    return kp_op_step(op) == KP_READ ? op->room : NULL;
}

const char *kp_store_arg(const kp_op *op, size_t i, size_t *len) {
    if (kp_op_step(op) != KP_STORE)
        return NULL;
    /* They are asked for one after the other: what is remembered of that is not part of the operation's state. */
    kp_op *memory = (kp_op *)(uintptr_t)op;
    if (i < op->arg)
        memory->arg = memory->arg_at = 0;
    while (op->arg_at < op->args.len) {
        const char *text = op->args.data + op->arg_at;
        size_t n = strlen(text);
        if (op->arg == i) {
            if (len)
                *len = n;
            return text;
        }
        memory->arg++;
        memory->arg_at += n + 1;
    }
    return NULL;
}

const char *kp_append_path(const kp_op *op) {
    return kp_op_step(op) == KP_APPEND ? kp_config_value(op->client->config, KP_OPT_AUDIT_FILE) : NULL;
}
