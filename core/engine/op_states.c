/* op_states.c: KP_TELL what=keys: asks the store for the marks of the ring and its members, then for what it knows of
 * each value that this process or another one has. */
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/names.h"
#include "engine/op.h"
#include "policy/admit_mark.h"

void kp_op_keep_reply(kp_op *op, const char *reply, size_t len) {
    kp_buf_clear(&op->former);
    kp_buf_add(&op->former, op->text.data, op->text.len);
    kp_buf_clear(&op->text);
    kp_buf_add(&op->text, op->away ? "" : reply, op->away ? 0 : len);
}

static void add_word(kp_op *op, const char *word) {
    kp_buf_str(&op->args, word);
    kp_buf_char(&op->args, '\0');
}

/* The ban, the marks of the ring, those of each member. */
void kp_do_ask_states(kp_op *op) {
    kp_gate_names n;
    char name[KP_NAME_SIZE];
    kp_name_gates(op->client, "", &n);
    kp_name_ring(op->client, name);
    kp_op_ask(op, "GET", n.ban, name, NULL);
    for (size_t i = 0; i < op->ring->members.count; i++) {
        kp_name_member(op->client, op->ring->members.list[i].name, name);
        add_word(op, name);
    }
}

static bool is_fingerprint(const char *text) {
    for (size_t i = 0; i < KP_FINGERPRINT_SIZE - 1; i++)
        if (!kp_is_digit(text[i]) && !(text[i] >= 'a' && text[i] <= 'f'))
            return false;
    return true;
}

/* With places the store is not asked, and what it knows of others is not told. */
bool kp_is_telling_more(const kp_op *op) {
    return op->kind == KP_TELL && op->told_count == 0 && !op->away;
}

void kp_op_free_told(kp_op *op) {
    for (size_t i = 0; i < op->told_count; i++) {
        kp_free(op->told[i].source);
        kp_free(op->told[i].version);
    }
    kp_free(op->told);
    op->told = NULL;
    op->told_count = 0;
}

static kp_told tell_key(size_t member, kp_told_role role, const kp_key *key) {
    kp_told told = {.member = member, .role = role, .there = key->cell != NULL};
    if (!told.there)
        return told;
    told.open = key->open;
    told.first_seen_ms = key->first_seen_ms;
    told.source = key->source ? kp_strdup(key->source) : NULL;
    told.version = key->version ? kp_strdup(key->version) : NULL;
    memcpy(told.mask, key->mask, sizeof told.mask);
    memcpy(told.fingerprint, key->fingerprint, sizeof told.fingerprint);
    return told;
}

static bool is_told(const kp_op *op, size_t member, kp_arg field) {
    for (size_t i = 0; i < op->told_count; i++)
        if (op->told[i].member == member && kp_same_n(field.text, KP_FINGERPRINT_SIZE - 1, op->told[i].fingerprint))
            return true;
    return false;
}

/* So many values are told, and at least those of this process: a store answers about 1,000 names at once. */
enum { TOLD_MOST = 240 };

static bool is_room_left(const kp_op *op) {
    return op->told_count + op->ring->members.count < TOLD_MOST;
}

/* What other processes have used, the newest first: FINGERPRINT or FINGERPRINT~LAST_FOUR. */
static void tell_others(kp_op *op, size_t member, kp_arg marks) {
    kp_mark list[KP_MARKS_MOST];
    size_t count = kp_mark_last(marks, list, NULL), fp = KP_FINGERPRINT_SIZE - 1;
    while (count-- > 0 && is_room_left(op)) {
        int64_t seen = 0;
        kp_arg field = list[count].field, when = list[count].value;
        bool ends = field.len == fp + 5 && field.text[fp] == '~';
        for (size_t k = fp + 1; ends && k < field.len; k++)
            ends = kp_is_alpha(field.text[k]) || kp_is_digit(field.text[k]);
        if ((field.len != fp && !ends) || !is_fingerprint(field.text) || !kp_parse_i64(when.text, when.len, &seen) ||
            is_told(op, member, field))
            continue;
        kp_told *told = &op->told[op->told_count++];
        *told = (kp_told){.member = member, .role = KP_TOLD_ELSEWHERE, .first_seen_ms = seen};
        memcpy(told->fingerprint, field.text, fp);
        memcpy(told->mask, "***", 3);
        memcpy(told->mask + 3, field.text + fp + 1, ends ? 4 : 0);
    }
}

/* When this process has not used a key itself, the marks know since when others have. */
static void add_seen(kp_op *op, size_t from, kp_arg marks) {
    for (size_t i = from; i < op->told_count; i++)
        if (op->told[i].there && op->told[i].first_seen_ms == 0)
            op->told[i].first_seen_ms = kp_seen_of(marks.text, marks.len, op->told[i].fingerprint);
}

static void tell_member(kp_op *op, size_t member, kp_arg marks) {
    static const kp_told_role roles[KP_VALUES] = {
        [KP_NOW] = KP_TOLD_NOW, [KP_NEXT] = KP_TOLD_NEXT, [KP_BEFORE] = KP_TOLD_BEFORE};
    const kp_slot *slot = &op->ring->slots[member];
    size_t from = op->told_count;
    for (size_t value = 0; value < KP_VALUES; value++)
        if (value == KP_NOW || slot->key[value].cell)
            op->told[op->told_count++] = tell_key(member, roles[value], &slot->key[value]);
    add_seen(op, from, marks);
    if (op->ring == &op->client->ring)
        tell_others(op, member, marks);
}

static kp_arg next_word(const char **at) {
    *at += strspn(*at, " ");
    kp_arg word = {*at, strcspn(*at, " ")};
    *at += word.len;
    return word;
}

enum { MEMBER_MOST = KP_VALUES + KP_MARKS_MOST };

void kp_op_collect_told(kp_op *op) {
    if (op->told)
        return;
    const char *at = kp_buf_text(&op->text);
    size_t count = op->ring->members.count;
    op->told = kp_zalloc(count * MEMBER_MOST, sizeof *op->told);
    if (!op->told)
        return;
    for (int i = 0; i < 3; i++) /* ok, the time, the ban */
        next_word(&at);
    kp_arg ring = next_word(&at);
    pthread_mutex_lock(&op->client->lock);
    for (size_t i = 0; i < count; i++)
        tell_member(op, i, next_word(&at));
    pthread_mutex_unlock(&op->client->lock);
    if (ring.len > 0)
        kp_op_read_ring(op, ring.text, ring.len);
    pthread_mutex_lock(&op->client->lock);
    op->told_preferred = op->ring == &op->client->ring ? op->client->preferred : SIZE_MAX;
    pthread_mutex_unlock(&op->client->lock);
}

/* Four names for each value. */
void kp_do_ask_values(kp_op *op) {
    kp_gate_names n;
    kp_op_collect_told(op);
    kp_op_ask(op, "GET", NULL);
    for (size_t i = 0; i < op->told_count; i++) {
        kp_name_gates(op->client, op->told[i].fingerprint, &n);
        add_word(op, n.cool);
        add_word(op, n.good);
        add_word(op, n.used);
        add_word(op, n.revoked);
    }
}
