/* op_fleet.c: what the processes that share a store tell each other of keys: which one is preferred, which are revoked,
 * who used which, and when it was first seen. */
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/names.h"
#include "engine/op.h"
#include "policy/admit_mark.h"

/* The use of a key is told once in this time. What was told of it goes this long after its last use. What is revoked
   stays so for as long as a store keeps anything. */
enum { MARK_MS = 600000 };
#define USED_MS "2592000000"
#define RING_MS "34560000000"
#define REVOKED_MS "3155760000000"

static const char use_field[] = "use";

static bool same(kp_arg a, const char *text) {
    return kp_same_n(a.text, a.len, text);
}

/* ---- What the ring's marks say ---- */

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
    pthread_mutex_lock(&client->lock);
    client->preferred = preferred;
    pthread_mutex_unlock(&client->lock);
}

/* Whatever stands there: a value that is damaged must not give a key back. */
void kp_op_read_revoked(kp_op *op, const char *value, size_t len) {
    op->was_revoked = len > 0 && !kp_same_n(value, len, "-");
    pthread_mutex_lock(&op->client->lock);
    kp_key *key = kp_ring_find(op->ring, op->member, op->fingerprint);
    if (key)
        key->revoked = op->was_revoked;
    pthread_mutex_unlock(&op->client->lock);
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
    return op->kind == KP_USE || op->kind == KP_REVOKE || op->kind == KP_PAUSE;
}

/* A revocation is looked up first: whoever does it twice is told so. */
void kp_do_ask_manage(kp_op *op) {
    kp_gate_names n;
    char ring[KP_NAME_SIZE];
    const char *what = kp_buf_text(&op->what);
    kp_name_gates(op->client, what, &n);
    kp_name_ring(op->client, ring);
    if (op->kind == KP_PAUSE)
        kp_op_ask_pause(op);
    else if (op->kind == KP_USE)
        kp_op_ask(op, "MARK", ring, use_field, what[0] ? what : "-", RING_MS, NULL);
    else
        kp_op_ask(op, "GET", n.revoked, NULL);
}

bool kp_is_change_left(const kp_op *op) {
    return op->kind == KP_REVOKE && !op->changes && op->was_revoked == op->undo;
}

void kp_do_ask_change(kp_op *op) {
    kp_gate_names n;
    kp_name_gates(op->client, kp_buf_text(&op->what), &n);
    op->changes = true;
    kp_op_ask(op, "PUT", n.revoked, op->undo ? "-" : "+0", op->undo ? "0" : REVOKED_MS, NULL);
}

void kp_do_say_managed(kp_op *op) {
    if (op->kind != KP_REVOKE)
        return;
    kp_buf_fmt(&op->answer, "{\"fingerprint\":\"%s\",\"state\":\"%s\",\"changed\":%s}", kp_buf_text(&op->what),
               op->undo ? "given back" : "revoked", op->changes ? "true" : "false");
    op->has_answer = true;
    if (op->answer.failed)
        kp_op_fail(op, KP_E_MEMORY, "what was wanted is done all the same");
}

void kp_do_say_away(kp_op *op) {
    kp_op_fail(op, KP_E_STORE, "nothing was changed");
}
