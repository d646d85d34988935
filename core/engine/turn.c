/* turn.c: puts the values of a ring's keys in the order in which an operation tries them. */
#include "engine/turn.h"

#include "base/text.h"

/* The places of one member in the order. A value that is to follow comes first for a paid call once it is proven: that
   call puts it in use. Unproven, it is tried only when the one in use failed. */
enum { PROVEN_NEXT, IN_USE, NEXT, PAST, PLACES };

static const uint64_t stale_ms = 86400000;

/* The member that comes before the others: for a task the one that its reference names, else the one that somebody
   prefers. members.count or more: none. */
static size_t first_member(const kp_op *op) {
    const kp_members *members = &op->ring->members;
    if (!op->wants_one)
        return op->ring == &op->client->ring ? op->client->preferred : members->count;
    size_t named = members->count;
    for (size_t i = 0; i < members->count; i++)
        if (kp_same(members->list[i].name, op->ref.key_name))
            named = i;
    return named;
}

/* Members are tried in their order, but for that one. */
static size_t member_of(const kp_op *op, size_t turn) {
    size_t first = first_member(op);
    if (first >= op->ring->members.count)
        return turn;
    return turn == 0 ? first : turn <= first ? turn - 1 : turn;
}

bool kp_op_tried(const kp_op *op, const char *fingerprint) {
    for (unsigned i = 0; i < op->tried_count; i++)
        if (kp_same(op->tried[i], fingerprint))
            return true;
    return false;
}

/* It is about to be done with the key in use when it asks for another. */
static bool is_done_with(const kp_op *op, const char *fingerprint) {
    return kp_op_tried(op, fingerprint) || kp_same(op->fingerprint, fingerprint);
}

size_t kp_turns(const kp_op *op) {
    return op->ring->members.count * PLACES;
}

size_t kp_reading_turn(size_t member) {
    return member * PLACES + IN_USE;
}

static bool fits(const kp_op *op, const kp_key *key) {
    return key->cell && !is_done_with(op, key->fingerprint) &&
           (!op->wants_one || kp_same(key->fingerprint, op->wanted));
}

/* The value in use, unless its places have had none for too long. */
static bool is_in_use(const kp_op *op, const kp_slot *slot) {
    uint64_t most = kp_config_number(op->client->config, KP_OPT_RING_STALE, stale_ms);
    return slot->key[KP_NOW].cell && !slot->refused && (!slot->stale_ms || op->mono_ms < slot->stale_ms + most);
}

/* Whether the places may have another value by now: the one in use is no use to this operation, and they were last read
   before it began. */
static bool may_have_another(const kp_op *op, const kp_slot *slot) {
    bool quick = !kp_has_slow(&op->ring->members.list[slot - op->ring->slots]);
    return is_in_use(op, slot) && (quick || slot->looked_ms < op->start_ms) && !fits(op, &slot->key[KP_NOW]);
}

/* Funds are those of an account: a key of another account is not spent for want of funds on this one. */
static bool may_pay(const kp_op *op, size_t member) {
    bool out_of_funds = op->out_of_funds || kp_error_find(op->error)->cls == KP_CLASS_FUNDS;
    const kp_member *list = op->ring->members.list;
    return !out_of_funds || kp_same(list[op->out_of_funds ? op->payer : op->member].account, list[member].account);
}

bool kp_seat_at(const kp_op *op, size_t turn, kp_seat *out) {
    size_t member = member_of(op, turn / PLACES);
    const kp_slot *slot = &op->ring->slots[member];
    const kp_key *next = &slot->key[KP_NEXT];
    *out = (kp_seat){member, KP_NEXT, false};
    if (!may_pay(op, member))
        return false;
    switch (turn % PLACES) {
    case PROVEN_NEXT: return next->proven && kp_op_is_paid(op) && fits(op, next);
    case IN_USE:
        out->value = KP_NOW;
        out->unread = !is_in_use(op, slot);
        return out->unread || fits(op, &slot->key[KP_NOW]);
    case NEXT:
        if (next->cell)
            return fits(op, next);
        if (is_in_use(op, slot) && fits(op, &slot->key[KP_NOW])) {
            out->value = KP_NOW; /* another operation has put it in use since this one was there */
            return true;
        }
        out->unread = true;
        return may_have_another(op, slot);
    default: out->value = KP_BEFORE; return slot->overlap_until > op->mono_ms && fits(op, &slot->key[KP_BEFORE]);
    }
}

size_t kp_next_turn(const kp_op *op, size_t from, kp_seat *out) {
    size_t turns = kp_turns(op);
    while (from < turns && !kp_seat_at(op, from, out))
        from++;
    return from;
}

bool kp_ready_turn(const kp_op *op, size_t *turn, kp_seat *out) {
    for (size_t i = kp_next_turn(op, 0, out); i < kp_turns(op); i = kp_next_turn(op, i + 1, out)) {
        *turn = i;
        if (!out->unread)
            return true;
        if (!op->wants_one)
            return false;
    }
    return false;
}

/* What a program gave by value does not change. */
static bool can_change(const kp_member *member) {
    for (size_t i = 0; i < member->from_count; i++)
        if (member->from[i].kind != KP_REF_HELD)
            return true;
    return false;
}

/* A slow place is asked in the background. */
bool kp_is_look_due(const kp_op *op, const kp_seat *seat) {
    const kp_member *member = &op->ring->members.list[seat->member];
    return op->ring == &op->client->ring && op->mono_ms >= op->ring->slots[seat->member].due_ms && can_change(member) &&
           !kp_has_slow(member);
}

bool kp_substitute(const kp_op *op, kp_seat *out) {
    const kp_members *members = &op->ring->members;
    size_t named = op->accepted ? op->member : members->count;
    for (size_t i = 0; !op->accepted && i < members->count; i++)
        if (kp_same(members->list[i].name, op->ref.key_name))
            named = i;
    for (size_t i = 0; named < members->count && i < members->count; i++) {
        size_t member = i == 0 ? named : i <= named ? i - 1 : i;
        const kp_slot *slot = &op->ring->slots[member];
        if (!kp_same(members->list[named].account, members->list[member].account))
            continue;
        if (is_in_use(op, slot) && !is_done_with(op, slot->key[KP_NOW].fingerprint)) {
            *out = (kp_seat){member, KP_NOW, false};
            return true;
        }
        const kp_key *next = &slot->key[KP_NEXT];
        if (next->cell && !is_done_with(op, next->fingerprint)) {
            *out = (kp_seat){member, KP_NEXT, false};
            return true;
        }
    }
    return false;
}
