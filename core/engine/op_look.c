/* op_look.c: looks for keys, place by place and member by member. */
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/turn.h"
#include "safe/arena.h"
#include "safe/known.h"

/* A loader that died without kp_op_free must not stop the others for ever. */
enum { LEASE_MS = 10000, LOOK_AGAIN_MS = 50, CLAIM_AGAIN_MS = 200 };

enum { REFRESH_MS = 60000, OVERLAP_MS = 48 * 3600 * 1000 };

static const char *const hint_places[] = {"env:CI", "env:PSModulePath"};
enum { HINTS = sizeof hint_places / sizeof hint_places[0] };

bool kp_is_other_looks(const kp_op *op) {
    pthread_mutex_lock(&op->client->lock);
    bool other = op->ring == &op->client->ring && op->client->loader && op->client->loader != op &&
                 op->client->loader_until > op->mono_ms;
    pthread_mutex_unlock(&op->client->lock);
    return other;
}

/* A key at hand serves while another operation reads its places again. */
bool kp_is_key_ready(const kp_op *op) {
    size_t turn;
    kp_seat seat;
    if (op->kind == KP_REFRESH)
        return false;
    bool other_looks = kp_is_other_looks(op);
    pthread_mutex_lock(&op->client->lock);
    bool ready = kp_ready_turn(op, &turn, &seat) && (other_looks || !kp_is_look_due(op, &seat));
    pthread_mutex_unlock(&op->client->lock);
    return ready;
}

bool kp_op_has_other(const kp_op *op, bool want_found) {
    kp_seat seat;
    if (op->wants_one || op->accepted || op->kind == KP_TELL || op->kind == KP_REFRESH)
        return false;
    pthread_mutex_lock(&op->client->lock);
    bool is = kp_next_turn(op, op->turn + 1, &seat) < kp_turns(op) && seat.unread != want_found;
    pthread_mutex_unlock(&op->client->lock);
    return is;
}

bool kp_is_fell_back(const kp_op *op) {
    return op->first_error != 0;
}

bool kp_is_wanted(const kp_op *op) {
    const kp_key *key = &op->ring->slots[op->member].key[op->value];
    pthread_mutex_lock(&op->client->lock);
    bool is = !kp_op_tried(op, key->fingerprint) && (!op->wants_one || kp_same(key->fingerprint, op->wanted));
    pthread_mutex_unlock(&op->client->lock);
    return is;
}

static bool more_of_member(const kp_op *op) {
    return op->hint == 0 && op->finder.state == KP_NOT_THERE &&
           op->place + 1 < op->ring->members.list[op->member].from_count;
}

/* Whatever the look found, a key is at hand, and the look is over. */
bool kp_is_refreshed(const kp_op *op) {
    size_t turn;
    kp_seat seat;
    if (!op->refreshing || more_of_member(op))
        return false;
    pthread_mutex_lock(&op->client->lock);
    bool ready =
        op->kind == KP_REFRESH ? op->ring->slots[op->member].key[KP_NOW].cell != NULL : kp_ready_turn(op, &turn, &seat);
    pthread_mutex_unlock(&op->client->lock);
    return ready;
}

bool kp_is_other_is_next(const kp_op *op) {
    kp_seat seat;
    if (op->kind == KP_TELL || op->kind == KP_REFRESH || op->hint || more_of_member(op))
        return false;
    pthread_mutex_lock(&op->client->lock);
    bool is = kp_next_turn(op, op->turn + 1, &seat) < kp_turns(op) && !seat.unread;
    pthread_mutex_unlock(&op->client->lock);
    return is;
}

/* The next turn that is a look; those of KP_TELL are all members. Under the client's lock. */
static size_t following_turn(const kp_op *op, kp_seat *seat) {
    if (op->hint || op->kind == KP_REFRESH)
        return kp_turns(op);
    if (op->kind != KP_TELL)
        return kp_next_turn(op, op->turn + 1, seat);
    *seat = (kp_seat){op->member + 1, KP_NOW, true};
    return kp_reading_turn(op->member + 1);
}

bool kp_is_place_left(const kp_op *op) {
    kp_seat seat;
    if (more_of_member(op))
        return true;
    pthread_mutex_lock(&op->client->lock);
    bool left = following_turn(op, &seat) < kp_turns(op);
    pthread_mutex_unlock(&op->client->lock);
    return left ||
           (op->kind != KP_TELL && op->kind != KP_REFRESH && !op->wants_one && !op->first_error && op->hint < HINTS);
}

bool kp_is_place_left_tell(const kp_op *op) {
    return op->kind == KP_TELL && kp_is_place_left(op);
}

/* Whoever learns the keys before the first call does not wait for a store. */
static void leave_out(kp_op *op, const kp_keyref *ref) {
    op->left_out = true;
    op->finder.state = KP_NOT_THERE;
    kp_buf_clear(&op->finder.note);
    kp_buf_str(&op->finder.note, ref->text);
    kp_buf_str(&op->finder.note, ": it is asked at the first call");
}

static void start_place(kp_op *op, size_t turn, size_t member, size_t place) {
    op->turn = turn;
    op->member = member;
    op->value = KP_NOW;
    op->place = place;
    const kp_keyref *ref = &op->ring->members.list[member].from[place];
    kp_finder_start(&op->finder, ref);
    op->fetching = op->left_out = op->recalled = false;
    op->ask_again_ms = 0;
    op->fetch_tries = 0;
    op->fetch_want = KP_FETCH_CURRENT;
    if (kp_is_slow(ref->kind) && kp_is_telling_places(op))
        leave_out(op, ref);
    else if (kp_op_recall(op))
        op->recalled = true;
    else if (kp_is_remote(ref->kind))
        kp_op_start_fetch(op);
    else if (ref->kind == KP_REF_EXEC)
        kp_op_keep_lease(op); /* a program may ask somebody for a password */
}

/* A task may need the value that was there before: another process has it, or had it. */
bool kp_is_older_left(const kp_op *op) {
    return op->wants_one && !op->substituted && op->finder.state == KP_THERE && op->fetch_want == KP_FETCH_CURRENT &&
           kp_is_remote(op->ring->members.list[op->member].from[op->place].kind);
}

void kp_do_look_older(kp_op *op) {
    op->fetch_want = KP_FETCH_PREVIOUS;
    op->fetch_tries = 0;
    kp_op_start_fetch(op);
}

static void begin(kp_op *op, size_t turn, size_t member) {
    if (!op->room)
        op->room = kp_safe_alloc(KP_ROOM_SIZE);
    start_place(op, turn, member, 0);
}

/* Where the look begins: at the first thing to try; where a key is at hand, its places are read again. */
void kp_do_begin_look(kp_op *op) {
    kp_client *client = op->client;
    kp_seat seat = {op->refresh_member, KP_NOW, true};
    size_t turn = kp_reading_turn(seat.member);
    pthread_mutex_lock(&client->lock);
    if (op->ring == &client->ring) {
        client->loader = op;
        client->loader_until = op->mono_ms + LEASE_MS;
        op->loading = true;
    }
    op->refreshing = op->kind == KP_REFRESH;
    if (op->kind != KP_TELL && op->kind != KP_REFRESH) {
        op->refreshing = kp_ready_turn(op, &turn, &seat);
        if (!op->refreshing)
            turn = kp_next_turn(op, 0, &seat);
        if (turn >= kp_turns(op))
            seat.member = 0;
    }
    pthread_mutex_unlock(&client->lock);
    kp_buf_clear(&op->looked_at);
    begin(op, turn, seat.member);
}

void kp_op_end_look(kp_op *op) {
    kp_op_end_fetch(op);
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
    kp_seat seat = {0};
    if (more_of_member(op)) {
        start_place(op, op->turn, op->member, op->place + 1);
        return;
    }
    pthread_mutex_lock(&op->client->lock);
    size_t turn = following_turn(op, &seat);
    pthread_mutex_unlock(&op->client->lock);
    if (turn < kp_turns(op))
        start_place(op, turn, seat.member, 0);
    else {
        op->hint++;
        op->left_out = op->recalled = false;
    }
}

const char *kp_op_place(const kp_op *op) {
    if (op->state == KP_S_ZONE)
        return kp_buf_text(&op->zone_path);
    if (op->state == KP_S_AUDITKEY)
        return kp_op_seal_place(op);
    if (op->hint)
        return hint_places[op->hint - 1];
    return op->fetching ? kp_fetch_read(op->fetch) : kp_finder_read(&op->finder);
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
    const char *version = op->fetching ? kp_fetch_version(op->fetch) : "";
    fresh.version = version[0] ? kp_strdup(version) : NULL;
    fresh.cell = kp_cell_new(key, len);
    fresh.known = kp_known_hold(key, len);
    bool kept = fresh.source && fresh.cell && fresh.known && !op->finder.note.failed;
    kp_wipe(op->room, KP_ROOM_SIZE);
    if (!kept) {
        kp_key_free(&fresh);
        return unusable(op, KP_E_MEMORY, "");
    }
    kp_key gone;
    uint64_t overlap = kp_config_number(op->client->config, KP_OPT_RING_OVERLAP, OVERLAP_MS);
    pthread_mutex_lock(&op->client->lock);
    const kp_key *old = kp_ring_find(op->ring, op->member, fresh.fingerprint);
    bool seen = old != NULL, seen_open = seen && old->open;
    if (op->fetch_want == KP_FETCH_PREVIOUS)
        op->value = kp_ring_take_past(op->ring, op->member, &fresh, op->mono_ms + overlap, &gone);
    else
        op->value = kp_ring_take(op->ring, op->member, &fresh, &gone);
    pthread_mutex_unlock(&op->client->lock);
    kp_key_free(&gone);
    kp_key_free(&fresh);
    if (op->finder.open && !seen_open)
        kp_op_note_open(op);
    if (op->value == KP_NEXT && !seen)
        kp_op_note_found(op);
    return KP_EV_FOUND;
}

/* A slow place is asked again in the background, five times as rarely as others are read, and a bit earlier by
   chance, so that many processes do not ask at once. */
static uint64_t next_look(const kp_op *op) {
    uint64_t every = kp_config_number(op->client->config, KP_OPT_RING_REFRESH, REFRESH_MS);
    if (kp_has_slow(&op->ring->members.list[op->member]))
        every = 5 * every - op->random % (every / 2 + 1);
    return op->mono_ms + every;
}

/* When the places of the member are read again; since when they have nothing usable. */
static void note_look(kp_op *op, kp_event event) {
    bool found = event == KP_EV_FOUND;
    pthread_mutex_lock(&op->client->lock);
    kp_slot *slot = &op->ring->slots[op->member];
    slot->looked_ms = op->mono_ms;
    slot->due_ms = next_look(op);
    slot->refused = event == KP_EV_UNUSABLE && kp_is_refusal(op->finder.error);
    kp_op_remember(op, event == KP_EV_UNUSABLE);
    bool was_stale = slot->stale_ms != 0, stale = !found && slot->key[KP_NOW].cell;
    if (!stale)
        slot->stale_ms = 0;
    else if (!was_stale)
        slot->stale_ms = op->mono_ms;
    pthread_mutex_unlock(&op->client->lock);
    if (stale && !was_stale)
        kp_op_note_stale(op);
}

kp_event kp_op_take_read(kp_op *op, int how, int why, size_t len) {
    if (op->state == KP_S_ZONE)
        return kp_op_take_zone(op, how, len);
    if (op->state == KP_S_AUDITKEY)
        return kp_op_take_seal(op, how, why, len);
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
    if (op->fetching) {
        kp_fetch_on_read(op->fetch, how, why, op->room, len);
        kp_wipe(op->room, len);
        return kp_op_fetch_event(op);
    }
    kp_finder_on_read(&op->finder, how, why, op->room, len);
    if (op->finder.state == KP_LOOKING)
        return kp_finder_read(&op->finder) ? KP_EV_MORE : unusable(op, KP_E_MEMORY, "");
    kp_event event = kp_op_take_found(op);
    if (op->room)
        kp_wipe(op->room, len);
    return event;
}

/* That there is none before, or that it is destroyed, says nothing of the value in use, and no other place has it. */
static kp_event take_older(kp_op *op) {
    bool found = op->finder.state == KP_THERE;
    op->finder.state = KP_THERE;
    return found ? keep_key(op) : KP_EV_ABSENT;
}

kp_event kp_op_take_found(kp_op *op) {
    kp_event event = KP_EV_UNUSABLE;
    if (op->fetch_want == KP_FETCH_PREVIOUS)
        return take_older(op);
    if (op->finder.state == KP_THERE) {
        bool strict = kp_config_flag(op->client->config, KP_OPT_STRICT);
        event = strict && op->finder.open ? too_open(op) : keep_key(op);
    } else if (op->finder.state == KP_NOT_THERE) {
        event = KP_EV_ABSENT;
        if (!op->ring->members.list[op->member].by_default || op->turn == kp_reading_turn(0) ||
            op->kind == KP_REFRESH) {
            kp_buf_str(&op->looked_at, op->looked_at.len ? "; " : "");
            kp_buf_str(&op->looked_at, kp_buf_text(&op->finder.note));
        }
    }
    if (!op->recalled && (event != KP_EV_ABSENT || !more_of_member(op)))
        note_look(op, event);
    if (op->kind == KP_TELL)
        kp_op_tell_place(op);
    return event;
}

void kp_op_use_seat(kp_op *op, size_t turn, const kp_seat *seat) {
    if (turn < kp_turns(op) && op->ring->slots[seat->member].key[seat->value].cell) {
        op->turn = turn;
        op->member = seat->member;
        op->value = seat->value;
    }
    op->chosen_with = op->client->preferred;
    kp_op_use_key(op);
    pthread_mutex_unlock(&op->client->lock);
    kp_op_name_task(op);
    kp_do_ask_gate(op);
}

void kp_do_next_key(kp_op *op) {
    kp_seat seat;
    kp_op_set_aside(op);
    pthread_mutex_lock(&op->client->lock);
    size_t turn = kp_next_turn(op, op->turn + 1, &seat);
    kp_op_use_seat(op, turn, &seat);
}

void kp_do_next_look(kp_op *op) {
    kp_seat seat;
    kp_op_set_aside(op);
    pthread_mutex_lock(&op->client->lock);
    size_t turn = kp_next_turn(op, op->turn + 1, &seat);
    pthread_mutex_unlock(&op->client->lock);
    if (turn < kp_turns(op))
        begin(op, turn, seat.member);
}

void kp_do_take_key(kp_op *op) {
    kp_seat seat = {op->member, op->value, false}, ready;
    size_t turn = op->turn, at = 0;
    pthread_mutex_lock(&op->client->lock);
    if (op->is_chore && !op->chore_looks)
        seat.member = op->member = op->refresh_member;
    if (op->kind == KP_REFRESH)
        seat.value = op->ring->slots[op->member].key[KP_NEXT].cell ? KP_NEXT : KP_NOW;
    else if ((op->state != KP_S_READ || op->refreshing) && kp_ready_turn(op, &at, &ready)) {
        turn = at;
        seat = ready;
    }
    op->refreshing = false;
    kp_op_use_seat(op, turn, &seat);
}
