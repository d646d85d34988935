/* op_look.c: looks for keys, place by place and member by member. */
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/op.h"
#include "safe/arena.h"
#include "safe/known.h"

/* A loader that died without kp_op_free must not stop the others for ever. */
enum { LEASE_MS = 10000, LOOK_AGAIN_MS = 50, CLAIM_AGAIN_MS = 200 };

static const char *const hint_places[] = {"env:CI", "env:PSModulePath"};
enum { HINTS = sizeof hint_places / sizeof hint_places[0] };

/* Members are tried in their order; for a task, the member that its reference names comes first. */
static size_t member_of(const kp_op *op, size_t turn) {
    const kp_members *members = &op->ring->members;
    size_t named = members->count;
    for (size_t i = 0; op->wants_one && i < members->count; i++)
        if (kp_same(members->list[i].name, op->ref.key_name))
            named = i;
    if (named == members->count)
        return turn;
    return turn == 0 ? named : turn <= named ? turn - 1 : turn;
}

static bool found(const kp_op *op, size_t member) {
    return op->ring->keys[member].cell != NULL;
}

static bool fits(const kp_op *op, size_t member) {
    return found(op, member) && (!op->wants_one || kp_same(op->ring->keys[member].fingerprint, op->ref.fingerprint));
}

/* Funds are those of an account: a key of another account is not spent for want of funds on this one. */
static bool may_pay(const kp_op *op, size_t member) {
    bool out_of_funds = op->out_of_funds || kp_error_find(op->error)->cls == KP_CLASS_FUNDS;
    const kp_member *list = op->ring->members.list;
    return !out_of_funds || kp_same(list[op->out_of_funds ? op->payer : op->member].account, list[member].account);
}

/* The first turn from this one on that can be tried, or members.count. Keys that were found and do not fit are passed.
 */
static size_t next_turn(const kp_op *op, size_t from) {
    for (size_t turn = from; turn < op->ring->members.count; turn++) {
        size_t member = member_of(op, turn);
        if (may_pay(op, member) && (!found(op, member) || fits(op, member)))
            return turn;
    }
    return op->ring->members.count;
}

/* A key that fits without a look: the first in order, or for a task whichever has its fingerprint. */
static bool ready_turn(const kp_op *op, size_t *turn) {
    for (size_t i = 0; i < op->ring->members.count; i++) {
        if (fits(op, member_of(op, i))) {
            *turn = i;
            return true;
        }
        if (!op->wants_one)
            return false;
    }
    return false;
}

bool kp_is_key_ready(const kp_op *op) {
    size_t turn;
    pthread_mutex_lock(&op->client->lock);
    bool ready = ready_turn(op, &turn);
    pthread_mutex_unlock(&op->client->lock);
    return ready;
}

bool kp_is_other_looks(const kp_op *op) {
    pthread_mutex_lock(&op->client->lock);
    bool other = op->ring == &op->client->ring && op->client->loader && op->client->loader != op &&
                 op->client->loader_until > op->mono_ms;
    pthread_mutex_unlock(&op->client->lock);
    return other;
}

bool kp_op_has_other(const kp_op *op, bool want_found) {
    if (op->wants_one || op->kind == KP_TELL)
        return false;
    pthread_mutex_lock(&op->client->lock);
    size_t turn = next_turn(op, op->turn + 1);
    bool is = turn < op->ring->members.count && found(op, member_of(op, turn)) == want_found;
    pthread_mutex_unlock(&op->client->lock);
    return is;
}

bool kp_is_fell_back(const kp_op *op) {
    return op->first_error != 0;
}

bool kp_is_wanted(const kp_op *op) {
    pthread_mutex_lock(&op->client->lock);
    bool is = fits(op, op->member);
    pthread_mutex_unlock(&op->client->lock);
    return is;
}

static bool more_of_member(const kp_op *op) {
    return op->hint == 0 && op->finder.state == KP_NOT_THERE &&
           op->place + 1 < op->ring->members.list[op->member].from_count;
}

static size_t following_turn(const kp_op *op) {
    if (op->hint || op->kind == KP_TELL)
        return op->hint ? op->ring->members.count : op->turn + 1;
    return next_turn(op, op->turn + 1);
}

bool kp_is_other_is_next(const kp_op *op) {
    if (op->kind == KP_TELL || more_of_member(op))
        return false;
    pthread_mutex_lock(&op->client->lock);
    size_t turn = following_turn(op);
    bool is = turn < op->ring->members.count && found(op, member_of(op, turn));
    pthread_mutex_unlock(&op->client->lock);
    return is;
}

bool kp_is_place_left(const kp_op *op) {
    if (more_of_member(op))
        return true;
    pthread_mutex_lock(&op->client->lock);
    bool left = following_turn(op) < op->ring->members.count;
    pthread_mutex_unlock(&op->client->lock);
    return left || (op->kind != KP_TELL && !op->wants_one && !op->first_error && op->hint < HINTS);
}

bool kp_is_place_left_tell(const kp_op *op) {
    return op->kind == KP_TELL && kp_is_place_left(op);
}

static void start_place(kp_op *op, size_t turn, size_t place) {
    op->turn = turn;
    op->member = member_of(op, turn);
    op->place = place;
    kp_finder_start(&op->finder, &op->ring->members.list[op->member].from[place]);
}

static void begin(kp_op *op, size_t turn) {
    if (!op->room)
        op->room = kp_safe_alloc(KP_ROOM_SIZE);
    start_place(op, turn, 0);
}

void kp_do_begin_look(kp_op *op) {
    kp_client *client = op->client;
    pthread_mutex_lock(&client->lock);
    if (op->ring == &client->ring) {
        client->loader = op;
        client->loader_until = op->mono_ms + LEASE_MS;
        op->loading = true;
    }
    size_t turn = op->kind == KP_TELL ? 0 : next_turn(op, 0);
    pthread_mutex_unlock(&client->lock);
    kp_buf_clear(&op->looked_at);
    begin(op, turn < op->ring->members.count ? turn : 0);
}

void kp_op_end_look(kp_op *op) {
    kp_safe_free(op->room);
    op->room = NULL;
    if (!op->loading)
        return;
    op->loading = false;
    pthread_mutex_lock(&op->client->lock);
    if (op->client->loader == op)
        op->client->loader = NULL;
    pthread_mutex_unlock(&op->client->lock);
}

void kp_do_look_later(kp_op *op) {
    op->when_ms = kp_op_in(op, op->state == KP_S_CLAIM ? CLAIM_AGAIN_MS : LOOK_AGAIN_MS);
}

void kp_do_next_place(kp_op *op) {
    if (more_of_member(op)) {
        start_place(op, op->turn, op->place + 1);
        return;
    }
    pthread_mutex_lock(&op->client->lock);
    size_t turn = following_turn(op);
    pthread_mutex_unlock(&op->client->lock);
    if (turn < op->ring->members.count)
        start_place(op, turn, 0);
    else
        op->hint++;
}

const char *kp_op_place(const kp_op *op) {
    return op->hint ? hint_places[op->hint - 1] : kp_finder_read(&op->finder);
}

static kp_event unusable(kp_op *op, int code, const char *note) {
    op->finder.state = KP_NOT_USABLE;
    op->finder.error = code;
    kp_buf_clear(&op->finder.note);
    kp_buf_str(&op->finder.note, note);
    return KP_EV_UNUSABLE;
}

/* The note says the place so far. */
static kp_event too_open(kp_op *op) {
    op->finder.state = KP_NOT_USABLE;
    op->finder.error = KP_E_STRICT;
    kp_buf_str(&op->finder.note, ": other users can read it");
    return KP_EV_UNUSABLE;
}

/* The key goes into its cell, and from now on no text of this process shows it. */
static kp_event keep_key(kp_op *op) {
    const char *key = op->room + op->finder.key_at;
    size_t len = op->finder.key_len;
    kp_key fresh = {0};
    kp_fingerprint(key, len, op->client->provider->name, fresh.fingerprint);
    kp_mask(key, len, fresh.mask);
    fresh.open = op->finder.open;
    fresh.source = kp_strdup(kp_buf_text(&op->finder.note));
    fresh.cell = kp_cell_new(key, len);
    fresh.known = kp_known_hold(key, len);
    bool kept = fresh.source && fresh.cell && fresh.known && !op->finder.note.failed;
    kp_wipe(op->room, KP_ROOM_SIZE);
    if (!kept) {
        kp_free(fresh.source);
        kp_cell_drop(fresh.cell);
        kp_known_release(fresh.known);
        return unusable(op, KP_E_MEMORY, "");
    }
    pthread_mutex_lock(&op->client->lock);
    kp_key *slot = &op->ring->keys[op->member];
    bool same = kp_same(slot->fingerprint, fresh.fingerprint), seen_open = same && slot->open;
    if (same)
        fresh.cooling_until = slot->cooling_until;
    kp_key old = *slot;
    *slot = fresh;
    pthread_mutex_unlock(&op->client->lock);
    kp_cell_drop(old.cell);
    kp_known_release(old.known);
    kp_free(old.source);
    if (op->finder.open && !seen_open)
        kp_op_note_open(op);
    return KP_EV_FOUND;
}

kp_event kp_op_take_read(kp_op *op, int how, int why, size_t len) {
    if (op->hint) {
        if (how == KP_FOUND && len > 0)
            op->hints |= 1U << (op->hint - 1);
        return KP_EV_ABSENT;
    }
    if (len > KP_ROOM_SIZE) {
        len = 0;
        how = KP_UNFIT;
        why = KP_WHY_TOO_BIG;
    }
    kp_finder_on_read(&op->finder, how, why, op->room, len);
    if (op->finder.state == KP_LOOKING)
        return kp_finder_read(&op->finder) ? KP_EV_MORE : unusable(op, KP_E_MEMORY, "");
    kp_event event = KP_EV_UNUSABLE;
    if (op->finder.state == KP_THERE) {
        bool strict = kp_config_flag(op->client->config, KP_OPT_STRICT);
        event = strict && op->finder.open ? too_open(op) : keep_key(op);
    } else if (op->finder.state == KP_NOT_THERE) {
        event = KP_EV_ABSENT;
        if (!op->ring->members.list[op->member].by_default || op->turn == 0) {
            kp_buf_str(&op->looked_at, op->looked_at.len ? "; " : "");
            kp_buf_str(&op->looked_at, kp_buf_text(&op->finder.note));
        }
    }
    if (op->room)
        kp_wipe(op->room, len);
    if (op->kind == KP_TELL)
        kp_op_tell_place(op);
    return event;
}

void kp_do_next_key(kp_op *op) {
    kp_op_set_aside(op);
    pthread_mutex_lock(&op->client->lock);
    op->turn = next_turn(op, op->turn + 1);
    if (op->turn < op->ring->members.count)
        op->member = member_of(op, op->turn);
    pthread_mutex_unlock(&op->client->lock);
    kp_op_use_key(op);
    kp_do_ask_gate(op);
}

void kp_do_next_look(kp_op *op) {
    kp_op_set_aside(op);
    pthread_mutex_lock(&op->client->lock);
    size_t turn = next_turn(op, op->turn + 1);
    pthread_mutex_unlock(&op->client->lock);
    begin(op, turn);
}

void kp_do_take_key(kp_op *op) {
    pthread_mutex_lock(&op->client->lock);
    size_t turn;
    if (op->state != KP_S_READ && ready_turn(op, &turn)) {
        op->turn = turn;
        op->member = member_of(op, turn);
    }
    pthread_mutex_unlock(&op->client->lock);
    kp_op_use_key(op);
    kp_do_ask_gate(op);
}
