/* op_gate.c: what an operation asks of the store, and what the replies mean. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/names.h"
#include "engine/op.h"

/* A refused key cools 60 s, doubling to 1 h; a ban lasts at least 5 min; a proof is good for a week. */
enum { COOL_MS = 60000, COOL_MOST_MS = 3600000, BAN_MS = 300000 };
#define GOOD_MS "604800000"
#define REFUSALS_MS "86400000"

void kp_op_ask(kp_op *op, const char *verb, ...) {
    kp_buf_clear(&op->args);
    op->arg = op->arg_at = 0;
    va_list words;
    va_start(words, verb);
    for (const char *word = verb; word; word = va_arg(words, const char *)) {
        kp_buf_str(&op->args, word);
        kp_buf_char(&op->args, '\0');
    }
    va_end(words);
}

void kp_op_name_turn(const kp_op *op, const char *mark, unsigned number, char out[64]) {
    char digits[12];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    kp_name_join(out, 64, op->id, mark, digits + at);
}

void kp_do_ask_gate(kp_op *op) {
    kp_gate_names n;
    char ring[KP_NAME_SIZE], member[KP_NAME_SIZE];
    kp_name_gates(op->client, op->fingerprint, &n);
    kp_name_ring(op->client, ring);
    kp_name_member(op->client, op->key_name, member);
    op->asks_seen = kp_op_asks_seen(op);
    kp_op_ask(op, "GET", n.ban, n.cool, n.good, n.refusals, ring, n.revoked, op->asks_seen ? member : NULL, NULL);
}

/* One proof of this key a minute; and of all keys that turn out wrong three at once and one each 40 s, which stays
   below what is known to earn an address its ban (five in a minute). A proof that succeeds is given back; the gate is
   for those who looked before it did. */
void kp_do_ask_claim(kp_op *op) {
    char id[64], one[96], all[96];
    kp_op_name_turn(op, ".p", ++op->claims, id);
    snprintf(one, sizeof one, "probe/%s/%s", op->client->scope, op->fingerprint);
    snprintf(all, sizeof all, "probes/%s", op->client->scope);
    /* What was paid goes on to be polled: the key of a task's reference has been accepted before. */
    const char *crowd = op->wants_one ? NULL : "rate";
    kp_gate_names n;
    kp_name_gates(op->client, op->fingerprint, &n);
    kp_op_ask(op, "ADMIT", id, "0", "gate", n.good, "rate", one, "60000000", "1", "0", crowd, all, "40000000", "3", "0",
              NULL);
}

static void settle_claim(kp_op *op) {
    char id[64];
    kp_op_name_turn(op, ".p", op->claims, id);
    op->claimed = false;
    kp_op_ask(op, "SETTLE", id, "0", NULL);
}

void kp_do_ask_release(kp_op *op) {
    settle_claim(op);
}

void kp_do_mark_claimed(kp_op *op) {
    op->claimed = true;
}

bool kp_is_claimed(const kp_op *op) {
    return op->claimed;
}

bool kp_is_crowded_back(const kp_op *op) {
    return op->crowded && op->first_error;
}

bool kp_is_crowded_late(const kp_op *op) {
    return op->crowded && kp_op_in(op, op->gate_ms) >= op->deadline_ms;
}

/* NULL if its member has let go of it. Under the client's lock. */
static kp_key *key_in_use(const kp_op *op) {
    return kp_ring_find(op->ring, op->member, op->fingerprint);
}

/* What the store knows is also kept in the client: it serves while the store is away. */
static void remember(kp_op *op, uint64_t cool_ms, uint64_t ban_ms) {
    pthread_mutex_lock(&op->client->lock);
    kp_key *key = key_in_use(op);
    if (key)
        key->cooling_until = cool_ms ? op->mono_ms + cool_ms : 0;
    if (ban_ms)
        op->client->banned_until = op->mono_ms + ban_ms;
    pthread_mutex_unlock(&op->client->lock);
}

static void put_good(kp_op *op, kp_after after) {
    kp_gate_names n;
    op->proven = true;
    kp_name_gates(op->client, op->fingerprint, &n);
    remember(op, 0, 0);
    op->after = after;
    kp_op_note_good(op);
    kp_op_note_proven(op);
    kp_op_ask(op, "PUT", n.good, "+" GOOD_MS, GOOD_MS, n.cool, "-", "0", n.refusals, "-", "0", NULL);
}

/* An accepted submit is as good a proof as a balance. */
void kp_do_accept_good(kp_op *op) {
    kp_do_accept(op);
    put_good(op, kp_op_waits(op) && !op->has_answer ? KP_AFTER_TASK : KP_AFTER_ACCEPT);
}

void kp_do_put_good(kp_op *op) {
    put_good(op, KP_AFTER_PROBE);
}

static bool is_ban(int code) {
    return code == KP_E_C_IP_BANNED;
}

static void put_refused(kp_op *op, kp_after after) {
    kp_gate_names n;
    kp_name_gates(op->client, op->fingerprint, &n);
    op->after = after;
    op->claimed = false;
    char value[32], ttl[32], count[32];
    if (is_ban(op->code)) {
        uint64_t ms = op->retry_after_ms > BAN_MS ? op->retry_after_ms : BAN_MS;
        remember(op, 0, ms);
        op->come_back_ms = ms;
        kp_op_note_banned(op);
        snprintf(value, sizeof value, "+%llu", (unsigned long long)ms);
        snprintf(ttl, sizeof ttl, "%llu", (unsigned long long)ms);
        kp_op_ask(op, "PUT", n.ban, value, ttl, NULL);
        return;
    }
    op->refused_keys++;
    unsigned doublings = op->refusals < 6 ? op->refusals : 6;
    uint64_t ms = (uint64_t)COOL_MS << doublings;
    if (ms > COOL_MOST_MS)
        ms = COOL_MOST_MS;
    remember(op, ms, 0);
    op->come_back_ms = ms;
    kp_op_note_refused(op);
    snprintf(value, sizeof value, "+%llu", (unsigned long long)ms);
    snprintf(ttl, sizeof ttl, "%llu", (unsigned long long)ms);
    snprintf(count, sizeof count, "%u:%d", op->refusals + 1, op->code);
    kp_op_ask(op, "PUT", n.cool, value, ttl, n.refusals, count, REFUSALS_MS, n.good, "-", "0", NULL);
}

void kp_do_put_refused(kp_op *op) {
    put_refused(op, KP_AFTER_PROBE);
}

void kp_do_put_refused_submit(kp_op *op) {
    kp_do_say_code(op);
    put_refused(op, KP_AFTER_SUBMIT);
}

void kp_do_put_refused_poll(kp_op *op) {
    kp_do_say_code(op);
    put_refused(op, KP_AFTER_POLL);
}

/* The claim is given back, so that the next one can try at once: nothing was learnt about the key. */
static void put_unsure(kp_op *op) {
    op->after = KP_AFTER_POLL;
    settle_claim(op);
}

void kp_do_put_unsure_poll(kp_op *op) {
    kp_do_say_code(op);
    put_unsure(op);
}

void kp_do_put_unsure_stop(kp_op *op) {
    kp_do_say_stop(op);
    put_unsure(op);
}

void kp_do_take_good(kp_op *op) {
    kp_do_take_answer(op);
    put_good(op, KP_AFTER_POLL);
}

/* The words of a reply, one after the other; a word that is missing is "". */
static size_t next_word(const char **at, const char *end, const char **word) {
    while (*at < end && **at == ' ')
        (*at)++;
    *word = *at;
    while (*at < end && **at != ' ')
        (*at)++;
    return (size_t)(*at - *word);
}

static bool next_number(const char **at, const char *end, int64_t *out) {
    const char *word;
    size_t len = next_word(at, end, &word);
    return kp_parse_i64(word, len, out);
}

/* How long a gate stays shut; 0: it is open. */
static uint64_t gate_left(const char **at, const char *end, int64_t now) {
    int64_t until = 0;
    if (!next_number(at, end, &until) || until <= now || now < 0)
        return 0;
    return (uint64_t)(until - now);
}

static void read_refusals(kp_op *op, const char *word, size_t len) {
    const char *colon = len ? memchr(word, ':', len) : NULL;
    int64_t count = 0, code = 0;
    if (!colon || !kp_parse_i64(word, (size_t)(colon - word), &count) ||
        !kp_parse_i64(colon + 1, len - (size_t)(colon - word) - 1, &code) || count < 0 || code < 0 || code > 9999)
        return;
    op->refusals = count > 1000 ? 1000 : (unsigned)count;
    op->refused_with = (int)code;
}

/* What this client found out itself. A ban counts in any case; that the key was refused only while the store has not
   heard of its proof: a store that can be read but not written (a full disk) must not lead to one wrong attempt after
   another. */
static void add_local_gates(kp_op *op) {
    pthread_mutex_lock(&op->client->lock);
    const kp_key *key = key_in_use(op);
    uint64_t ban = op->client->banned_until, cool = key ? key->cooling_until : 0;
    pthread_mutex_unlock(&op->client->lock);
    uint64_t ban_ms = ban > op->mono_ms ? ban - op->mono_ms : 0, cool_ms = cool > op->mono_ms ? cool - op->mono_ms : 0;
    bool cooling = cool_ms > 0 && (op->away || op->unproven);
    op->banned = op->banned || ban_ms > 0;
    op->cooling = op->cooling || cooling;
    uint64_t least = op->banned ? ban_ms : cooling ? cool_ms : 0;
    if (op->gate_ms < least)
        op->gate_ms = least;
}

static void read_gates(kp_op *op, const char *at, const char *end, int64_t now) {
    op->banned = op->cooling = op->unproven = false;
    op->gate_ms = 0;
    op->refusals = 0;
    op->refused_with = 0;
    if (!op->away) {
        const char *word;
        uint64_t ban = gate_left(&at, end, now), cool = gate_left(&at, end, now);
        size_t good = next_word(&at, end, &word);
        op->unproven = good == 0 || kp_same_n(word, good, "-");
        if (!op->unproven)
            kp_op_note_good(op);
        size_t len = next_word(&at, end, &word);
        read_refusals(op, word, len);
        len = next_word(&at, end, &word);
        kp_op_read_ring(op, word, len);
        len = next_word(&at, end, &word);
        kp_op_read_revoked(op, word, len);
        len = next_word(&at, end, &word);
        if (op->asks_seen)
            kp_op_read_seen(op, word, len);
        op->banned = ban > 0;
        op->cooling = cool > 0;
        op->gate_ms = ban ? ban : cool;
    }
    add_local_gates(op);
    kp_op_bar(op);
    if (!op->barred && !op->cooling && !op->banned)
        kp_op_warn_of_age(op);
}

/* One proof of a key that the service refused before. What bars it is not lifted, and a ban never is. */
bool kp_is_lifting(const kp_op *op) {
    return op->now && op->cooling && !op->barred && !op->banned && !op->away && op->refused_keys == 0 &&
           !op->wants_one && kp_is_proves_itself(op);
}

/* A claim that is refused: by the key's own rate, or by that of all keys. */
static kp_event claim_refused(kp_op *op, int64_t item, uint64_t retry_ms) {
    op->crowded = item == 2;
    op->banned = op->cooling = false;
    op->barred = KP_OK;
    op->gate_ms = retry_ms;
    return KP_EV_NO;
}

static kp_event refusal(kp_op *op, const char *at, const char *end, int64_t now) {
    const char *kind;
    int64_t item = 0, left = 0, retry = 0;
    next_word(&at, end, &kind);
    op->away = !next_number(&at, end, &item) || !next_number(&at, end, &left) || !next_number(&at, end, &retry);
    if (op->away)
        return KP_EV_AWAY;
    uint64_t retry_ms = retry > now ? (uint64_t)(retry - now) : 0;
    return op->state == KP_S_CLAIM ? claim_refused(op, item, retry_ms) : kp_op_take_refusal(op, item, left, retry_ms);
}

/* Only the verb ADMIT refuses, and the store's clock is never negative: what says else is no store. */
kp_event kp_op_take_reply(kp_op *op, int failed, const char *reply, size_t len) {
    const char *at = reply, *end = reply ? reply + len : NULL, *word;
    int64_t now = 0, start = 0;
    bool admits = op->state == KP_S_ADMIT || op->state == KP_S_CLAIM;
    size_t n = failed || !reply ? 0 : next_word(&at, end, &word);
    bool yes = n && kp_same_n(word, n, "ok"), no = n && admits && kp_same_n(word, n, "no");
    op->away = (!yes && !no) || !next_number(&at, end, &now) || now < 0;
    op->store_ms = op->away ? 0 : now;
    if (op->state == KP_S_GATE && op->kind == KP_TELL)
        kp_op_keep_reply(op, reply, len);
    else if (op->state == KP_S_LIMITS)
        kp_op_keep_reply(op, reply, len);
    else if (op->state == KP_S_GATE || op->state == KP_S_RECHECK)
        read_gates(op, at, end, now);
    else if (op->kind == KP_REVOKE && !op->away && !op->changes) {
        n = next_word(&at, end, &word);
        kp_op_read_revoked(op, word, n);
    }
    if (op->away && op->state == KP_S_ADMIT)
        kp_op_admit_alone(op);
    if (op->away)
        return KP_EV_AWAY;
    if (no)
        return refusal(op, at, end, now);
    if (!admits || !next_number(&at, end, &start))
        return KP_EV_YES;
    if (op->state == KP_S_ADMIT)
        kp_op_take_counts(op, at, (size_t)(end - at));
    if (start <= now)
        return KP_EV_YES;
    op->hold_ms = (uint64_t)(start - now);
    return KP_EV_LATER;
}
