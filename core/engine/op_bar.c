/* op_bar.c: what speaks against a key besides the service: it was revoked, it has expired, its window is closed, it is
 * too old. */
#include "base/text.h"
#include "base/when.h"
#include "engine/moves.h"
#include "engine/op.h"
#include "policy/age.h"

static const uint64_t day_ms = 86400000, warn_ms = 720 * 3600000ULL, fail_ms = 2160 * 3600000ULL;
/* An end that is this near is warned of. */
enum { END_NEAR_DAYS = 14 };

static kp_age age_of(const kp_op *op, int64_t first_seen_ms) {
    const kp_config *config = op->client->config;
    return kp_age_of(first_seen_ms, op->unix_ms, kp_config_number(config, KP_OPT_RING_AGE_WARN, warn_ms),
                     kp_config_number(config, KP_OPT_RING_AGE_FAIL, fail_ms));
}

kp_age kp_op_age(const kp_op *op, int64_t first_seen_ms) {
    return age_of(op, first_seen_ms);
}

/* What was paid goes on to be polled and reported. */
static bool begins_something(const kp_op *op) {
    return !op->wants_one && !op->accepted && op->kind != KP_RESULT && op->kind != KP_WAIT && op->kind != KP_REPORT;
}

/* Under the client's lock. */
static int reason(const kp_op *op, const kp_key *key, const kp_member *member) {
    if (key && key->revoked)
        return KP_E_KEY_REVOKED;
    if (!begins_something(op))
        return KP_OK;
    if (kp_expiry_of(member->not_after_ms, op->unix_ms) == KP_EXPIRY_PAST)
        return KP_E_KEY_EXPIRED;
    if (!kp_op_is_paid(op))
        return KP_OK;
    if (member->windows && !kp_windows_open(member->windows, op->unix_ms))
        return KP_E_KEY_CLOSED;
    bool strict = kp_config_flag(op->client->config, KP_OPT_STRICT);
    return strict && key && age_of(op, key->first_seen_ms) == KP_AGE_OLD ? KP_E_KEY_OLD : KP_OK;
}

/* 0: it never opens, as far as the calendar goes, or the system does not know its time zone. */
static uint64_t opens_in(const kp_op *op, const kp_member *member) {
    int64_t next = kp_windows_next(member->windows, op->unix_ms);
    return next == INT64_MAX || next <= op->unix_ms ? 0 : (uint64_t)(next - op->unix_ms);
}

void kp_op_bar(kp_op *op) {
    const kp_member *member = &op->ring->members.list[op->member];
    pthread_mutex_lock(&op->client->lock);
    const kp_key *key = kp_ring_find(op->ring, op->member, op->fingerprint);
    op->barred = reason(op, key, member);
    if (op->barred) {
        op->cooling = true;
        op->gate_ms = op->barred == KP_E_KEY_CLOSED ? opens_in(op, member) : 0;
    }
    pthread_mutex_unlock(&op->client->lock);
}

/* Under the client's lock, as the zones' files are given under it. */
static void add_missing_zone(kp_buf *text, const kp_windows *windows) {
    const char *why = NULL, *name = kp_windows_missing(windows, &why);
    if (name && why)
        kp_buf_fmt(text, "; the time zone %s cannot be used: %s", name, why);
    else if (name)
        kp_buf_fmt(text, "; this system has no time zone %s (package tzdata; names are such as Europe/Berlin)", name);
}

void kp_op_say_barred(kp_op *op) {
    const kp_member *member = &op->ring->members.list[op->member];
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "%s %s", op->key_name, op->mask);
    if (op->barred == KP_E_KEY_EXPIRED) {
        kp_buf_str(&text, " was to be used up to ");
        kp_add_rfc3339(&text, member->not_after_ms);
    }
    pthread_mutex_lock(&op->client->lock);
    if (op->barred == KP_E_KEY_CLOSED)
        add_missing_zone(&text, member->windows);
    pthread_mutex_unlock(&op->client->lock);
    if (op->gate_ms > 0) {
        kp_buf_str(&text, "; it opens in ");
        kp_add_duration(&text, op->gate_ms);
        op->come_back_ms = op->gate_ms;
    }
    kp_op_fail(op, op->barred, "%s", kp_buf_text(&text));
    kp_buf_free(&text);
}

/* ---- Warnings ---- */

/* Whether its age or its end is to be told now: once a day for each key. */
static bool is_warning_due(kp_op *op, kp_age *age, int64_t *first_seen) {
    int64_t last = op->ring->members.list[op->member].not_after_ms;
    pthread_mutex_lock(&op->client->lock);
    kp_key *key = kp_ring_find(op->ring, op->member, op->fingerprint);
    *first_seen = key ? key->first_seen_ms : 0;
    *age = age_of(op, *first_seen);
    bool near = last != KP_NO_EXPIRY && last - op->unix_ms < END_NEAR_DAYS * (int64_t)day_ms;
    bool due = key && (near || *age != KP_AGE_FRESH) && op->unix_ms - key->warned_ms >= (int64_t)day_ms;
    if (due)
        key->warned_ms = op->unix_ms;
    pthread_mutex_unlock(&op->client->lock);
    return due;
}

void kp_op_warn_of_age(kp_op *op) {
    kp_age age;
    int64_t first_seen, last = op->ring->members.list[op->member].not_after_ms;
    if (!is_warning_due(op, &age, &first_seen))
        return;
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_fmt(&message, "the key %s %s", op->key_name, op->mask);
    if (age != KP_AGE_FRESH)
        kp_buf_fmt(&message, " has been in use for %lld days", (long long)kp_age_days(first_seen, op->unix_ms));
    if (last != KP_NO_EXPIRY) {
        kp_buf_str(&message, age != KP_AGE_FRESH ? ", and may be used up to " : " may be used up to ");
        kp_add_rfc3339(&message, last);
    }
    kp_op_note_age(op, age == KP_AGE_OLD, &message);
    kp_buf_free(&message);
}

/* A proof of a key that is too old is none for those who watch over keys. */
void kp_op_judge_age(kp_op *op) {
    if (op->kind != KP_VERIFY)
        return;
    pthread_mutex_lock(&op->client->lock);
    const kp_key *key = kp_ring_find(op->ring, op->member, op->fingerprint);
    int64_t first_seen = key ? key->first_seen_ms : 0;
    pthread_mutex_unlock(&op->client->lock);
    if (age_of(op, first_seen) == KP_AGE_OLD)
        kp_op_fail(op, KP_E_KEY_OLD, "the service accepts %s %s, which has been in use for %lld days", op->key_name,
                   op->mask, (long long)kp_age_days(first_seen, op->unix_ms));
}
