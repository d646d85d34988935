/* op_fleet.c: what the processes that share a store tell each other of keys: which one is preferred, which are revoked,
 * who used which, and when it was first seen. */
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/names.h"
#include "engine/op.h"
#include "policy/admit_mark.h"

/* The use of a key is told once in this time. What was told of it goes this long after its last use. */
enum { MARK_MS = 600000 };
#define USED_MS "2592000000"
#define RING_MS "34560000000"

static const char use_field[] = "use", revoked_word[] = "revoked";

static bool same(kp_arg a, const char *text) {
    return kp_same_n(a.text, a.len, text);
}

/* ---- What the ring's marks say ---- */

bool kp_ring_mark_is(const char *marks, size_t len, const char *field, const char *value) {
    kp_mark mark;
    bool is = false;
    for (size_t at = 0; kp_mark_next((kp_arg){marks, len}, &at, &mark);)
        if (same(mark.field, field))
            is = same(mark.value, value);
    return is;
}

static size_t find_member(const kp_members *members, kp_arg name) {
    for (size_t i = 0; i < members->count; i++)
        if (same(name, members->list[i].name))
            return i;
    return SIZE_MAX;
}

void kp_op_read_ring(kp_op *op, const char *marks, size_t len) {
    kp_client *client = op->client;
    kp_mark mark;
    size_t preferred = SIZE_MAX;
    for (size_t at = 0; kp_mark_next((kp_arg){marks, len}, &at, &mark);)
        if (same(mark.field, use_field))
            preferred = same(mark.value, "-") ? SIZE_MAX : find_member(&client->ring.members, mark.value);
    bool revoked = kp_ring_mark_is(marks, len, op->fingerprint, revoked_word);
    pthread_mutex_lock(&client->lock);
    client->preferred = preferred;
    kp_key *key = kp_ring_find(op->ring, op->member, op->fingerprint);
    if (key)
        key->revoked = revoked;
    pthread_mutex_unlock(&client->lock);
}

/* What is preferred has changed since this operation chose its key. */
bool kp_is_use_other(const kp_op *op) {
    if (op->moved || op->ring != &op->client->ring || op->wants_one || op->accepted || op->first_error ||
        op->kind == KP_REFRESH)
        return false;
    pthread_mutex_lock(&op->client->lock);
    size_t preferred = op->client->preferred;
    pthread_mutex_unlock(&op->client->lock);
    return preferred != op->chosen_with && preferred != op->member;
}

/* The key at hand is not one that it is done with. */
void kp_do_use_other(kp_op *op) {
    op->moved = true;
    op->fingerprint[0] = '\0';
}

/* ---- Who uses a key ---- */

int64_t kp_seen_of(const char *marks, size_t len, const char *fingerprint) {
    kp_mark mark;
    int64_t seen = 0, when = 0;
    for (size_t at = 0; kp_mark_next((kp_arg){marks, len}, &at, &mark);)
        if (mark.field.len >= KP_FINGERPRINT_SIZE - 1 &&
            same((kp_arg){mark.field.text, KP_FINGERPRINT_SIZE - 1}, fingerprint) &&
            kp_parse_i64(mark.value.text, mark.value.len, &when))
            seen = when;
    return seen;
}

bool kp_op_asks_seen(const kp_op *op) {
    if (op->ring != &op->client->ring)
        return false;
    pthread_mutex_lock(&op->client->lock);
    const kp_key *key = kp_ring_find(op->ring, op->member, op->fingerprint);
    bool asks = key && key->mark_ms <= op->mono_ms;
    pthread_mutex_unlock(&op->client->lock);
    return asks;
}

void kp_op_read_seen(kp_op *op, const char *marks, size_t len) {
    int64_t seen = kp_seen_of(marks, len, op->fingerprint);
    pthread_mutex_lock(&op->client->lock);
    kp_key *key = kp_ring_find(op->ring, op->member, op->fingerprint);
    if (key && seen > 0)
        key->first_seen_ms = seen;
    pthread_mutex_unlock(&op->client->lock);
}

bool kp_is_mark_due(const kp_op *op) {
    return op->asks_seen && !op->away;
}

/* The name of this machine as a mark can have it. */
static void add_node(const kp_op *op, char out[65]) {
    const char *node = kp_config_value(op->client->config, KP_OPT_NODE);
    size_t len = strlen(node);
    if (len == 0) {
        node = "unnamed";
        len = strlen(node);
    }
    if (len > 64)
        len = 64;
    for (size_t i = 0; i < len; i++) {
        char c = node[i];
        out[i] = (char)(kp_is_alpha(c) || kp_is_digit(c) || strchr("._-", c) ? c : '-');
    }
    out[len] = '\0';
}

/* The fingerprint, and the end of the key that its mask shows, where a mark can have that. */
static void name_value(const kp_op *op, char out[KP_FINGERPRINT_SIZE + KP_MASK_SIZE]) {
    const char *tail = kp_starts(op->mask, "***") ? op->mask + 3 : "";
    bool fits = tail[0] != '\0';
    for (const char *c = tail; *c; c++)
        fits = fits && (kp_is_alpha(*c) || kp_is_digit(*c));
    kp_name_join(out, KP_FINGERPRINT_SIZE + KP_MASK_SIZE, op->fingerprint, fits ? "~" : "", fits ? tail : "");
}

void kp_do_ask_mark(kp_op *op) {
    kp_gate_names n;
    char member[KP_NAME_SIZE], value[KP_FINGERPRINT_SIZE + KP_MASK_SIZE], node[65], seen[24] = "+0";
    kp_name_gates(op->client, op->fingerprint, &n);
    kp_name_member(op->client, op->key_name, member);
    name_value(op, value);
    add_node(op, node);
    pthread_mutex_lock(&op->client->lock);
    kp_key *key = kp_ring_find(op->ring, op->member, op->fingerprint);
    int64_t first = key ? key->first_seen_ms : 0;
    if (key) {
        key->mark_ms = op->mono_ms + MARK_MS;
        if (first == 0)
            key->first_seen_ms = op->store_ms;
    }
    pthread_mutex_unlock(&op->client->lock);
    if (first > 0) {
        kp_buf number;
        kp_buf_init(&number, NULL);
        kp_buf_i64(&number, first);
        kp_name_join(seen, sizeof seen, kp_buf_text(&number), "", "");
        kp_buf_free(&number);
    }
    kp_op_ask(op, "MARK", member, value, seen, RING_MS, n.used, node, "+0", USED_MS, NULL);
}

/* ---- KP_USE, KP_REVOKE ---- */

bool kp_is_managing(const kp_op *op) {
    return op->kind == KP_USE || op->kind == KP_REVOKE;
}

void kp_do_ask_manage(kp_op *op) {
    char ring[KP_NAME_SIZE];
    const char *what = kp_buf_text(&op->what);
    kp_name_ring(op->client, ring);
    if (op->kind == KP_USE)
        kp_op_ask(op, "MARK", ring, use_field, what[0] ? what : "-", RING_MS, NULL);
    else
        kp_op_ask(op, "MARK", ring, what, op->undo ? "-" : revoked_word, RING_MS, NULL);
}

void kp_do_say_away(kp_op *op) {
    kp_op_fail(op, KP_E_STORE, "nothing was changed");
}
