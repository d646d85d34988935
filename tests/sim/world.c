/* world.c: see world.h. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "policy/admit.h"

static int map_get(void *self, kp_arg name, int64_t now, kp_buf *value) {
    const world_entry *map = ((world *)self)->map;
    for (size_t i = 0; i < WORLD_NAMES; i++)
        if (map[i].name[0] && strcmp(map[i].name, name.text) == 0 && map[i].expires > now) {
            kp_buf_str(value, map[i].value);
            return value->failed ? -1 : 1;
        }
    return 0;
}

static int map_put(void *self, kp_arg name, kp_arg value, int64_t expires) {
    world_entry *map = ((world *)self)->map;
    size_t slot = WORLD_NAMES, oldest = 0;
    for (size_t i = 0; i < WORLD_NAMES; i++) {
        if (strcmp(map[i].name, name.text) == 0)
            slot = i;
        if (map[i].name[0] == '\0' && slot == WORLD_NAMES && map[oldest].name[0])
            oldest = i;
        if (map[oldest].name[0] && map[i].expires < map[oldest].expires)
            oldest = i;
    }
    if (slot == WORLD_NAMES)
        slot = oldest;
    if (name.len >= sizeof map[slot].name || value.len >= sizeof map[slot].value)
        return -1;
    map[slot].name[0] = '\0';
    if (!value.text)
        return 0;
    memcpy(map[slot].name, name.text, name.len + 1);
    memcpy(map[slot].value, value.text, value.len + 1);
    map[slot].expires = expires;
    return 0;
}

const char *world_value(world *w, const char *start) {
    for (size_t i = 0; i < WORLD_NAMES; i++)
        if (w->map[i].name[0] && w->map[i].expires > w->unix_ms && strncmp(w->map[i].name, start, strlen(start)) == 0)
            return w->map[i].value;
    return NULL;
}

void world_forget(world *w) {
    memset(w->map, 0, sizeof w->map);
}

uint64_t world_draw(world *w, uint64_t below) {
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return below ? w->random % below : 0;
}

void world_init(world *w, uint64_t seed) {
    *w = (world){.mono_ms = 1000, .unix_ms = 1790000000000, .random = seed * 0x9E3779B97F4A7C15ULL + 1};
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 32; i++)
        w->key[i] = digits[world_draw(w, 16)];
    for (size_t i = 0; i < 64; i++)
        w->audit_key[i] = digits[world_draw(w, 16)];
}

static void tell_time(world *w, kp_op *op, uint64_t passed) {
    w->mono_ms += passed;
    w->unix_ms += (int64_t)passed;
    kp_on_time(op, w->mono_ms, w->unix_ms, 3600);
}

const char *world_call(const kp_op *op) {
    const char *url = kp_http_url(op);
    if (kp_http_flags(op) & KP_ONCE)
        return "submit";
    if (strcmp(kp_op_get(op, "state", NULL), "FETCH") == 0)
        return "source";
    if (strstr(url, "getbalance") || strstr(url, "/balance"))
        return "balance";
    if (strstr(url, "report"))
        return "report";
    return "result";
}

world_answer world_success(world *w, const kp_op *op) {
    (void)w;
    const char *call = world_call(op);
    const char *body = strcmp(call, "submit") == 0    ? "{\"status\":1,\"request\":\"4242\"}"
                       : strcmp(call, "balance") == 0 ? "{\"status\":1,\"request\":\"12.345\"}"
                       : strcmp(call, "source") == 0  ? "{\"data\":{\"data\":{},\"metadata\":{\"version\":1}}}"
                       : strcmp(call, "report") == 0  ? "{\"status\":1,\"request\":\"OK_REPORT_RECORDED\"}"
                                                      : "{\"status\":1,\"request\":\"token-4242\"}";
    return (world_answer){.net = KP_NET_OK, .sent = KP_MAYBE_SENT, .status = 200, .body = body, .takes_ms = 20};
}

static void do_http(world *w, kp_op *op) {
    w->https++;
    if (kp_http_flags(op) & KP_ONCE)
        w->submits++;
    world_answer a = w->http ? w->http(w, op) : world_success(w, op);
    uint64_t until = kp_op_until(op);
    if (a.body) {
        kp_on_status(op, a.status);
        char length[24];
        size_t len = strlen(a.body);
        if (!a.unframed) {
            snprintf(length, sizeof length, "%zu", len);
            kp_on_header(op, "Content-Length", 14, length, strlen(length));
        }
        if (a.header_name)
            kp_on_header(op, a.header_name, strlen(a.header_name), a.header_value, strlen(a.header_value));
        size_t half = len / 2;
        if (kp_on_body(op, a.body, half) == 0)
            kp_on_body(op, a.body + half, len - half);
    }
    if (w->mono_ms + a.takes_ms > until && until > w->mono_ms) {
        a.takes_ms = until - w->mono_ms;
        a.net = KP_NET_LATE;
    }
    tell_time(w, op, a.takes_ms);
    w->last = a;
    kp_on_end(op, a.net, a.sent);
}

static void do_read(world *w, kp_op *op) {
    w->reads++;
    const char *name = kp_read_name(op);
    const char *value = NULL;
    w->how = KP_FOUND;
    w->why = KP_WHY_NONE;
    w->size = 0;
    if (strcmp(name, "state:audit.key") == 0)
        value = w->no_audit_key ? NULL : w->audit_key;
    else if (w->place)
        value = w->place(w, name);
    else if (strcmp(name, "env:CAPTCHAAI_API_KEY") == 0)
        value = w->key;
    size_t len = !value ? 0 : w->size ? w->size : strlen(value);
    if (len)
        memcpy(kp_read_room(op), value, len);
    tell_time(w, op, 1);
    if (!value && w->no_audit_key && strcmp(name, "state:audit.key") == 0) {
        w->how = w->no_audit_key;
        w->why = w->how == KP_FAILED ? KP_WHY_FORBIDDEN : KP_WHY_NONE;
    }
    kp_on_read(op, value || w->how != KP_FOUND ? w->how : KP_ABSENT, w->why, len);
}

/* KP_TELL asks for three names of each value. */
enum { ARGS = 400 };

static void do_store(world *w, kp_op *op) {
    w->stores++;
    char own[512];
    kp_arg args[ARGS];
    size_t n = 0;
    while (n < ARGS && (args[n].text = kp_store_arg(op, n, &args[n].len)))
        n++;
    kp_buf reply;
    kp_buf_init(&reply, NULL);
    kp_kv kv = {w, map_get, map_put};
    bool mine = w->store && w->store(w, op, own, sizeof own);
    int failed = w->store_away ? 1 : mine ? 0 : kp_admit(&kv, w->unix_ms, args, n, &reply);
    tell_time(w, op, 1);
    kp_on_store(op, failed, mine ? own : kp_buf_text(&reply), mine ? strlen(own) : reply.len);
    kp_buf_free(&reply);
}

bool world_step(world *w, kp_op *op) {
    uint64_t until;
    switch (kp_op_step(op)) {
    case KP_TIME:
        until = kp_op_until(op);
        tell_time(w, op, until > w->mono_ms && !kp_op_cancelled(op) ? until - w->mono_ms : 0);
        return true;
    case KP_HTTP: do_http(w, op); return true;
    case KP_READ: do_read(w, op); return true;
    case KP_STORE: do_store(w, op); return true;
    case KP_APPEND: {
        size_t len = 0;
        const char *line = kp_append_seal(op, w->last_line, strlen(w->last_line), &len);
        if (!w->append_fails && line && len < sizeof w->last_line) {
            memcpy(w->last_line, line, len);
            w->last_line[len] = '\0';
            w->lines++;
        }
        tell_time(w, op, 1);
        kp_on_append(op, w->append_fails);
        return true;
    }
    default: return false;
    }
}

size_t world_run(world *w, kp_op *op, size_t most) {
    for (size_t i = 1; i <= most; i++)
        if (!world_step(w, op))
            return i;
    return 0;
}
