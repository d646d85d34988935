/* sessions.c: keeps sessions in cells, found by a hash of what they were made from. */
#include "policy/sessions.h"

#include <string.h>

#include "base/mem.h"
#include "safe/cell.h"
#include "safe/crypto.h"
#include "safe/known.h"

typedef struct kept {
    kp_session facts; /* first: a kp_session is the begin of its kept */
    bool used;
    unsigned char name[32];
    kp_cell *cell[KP_SESSION_PARTS];
    kp_known *known[KP_SESSION_PARTS];
    uint64_t turn; /* of its last use */
} kept;

struct kp_sessions {
    kept list[KP_SESSIONS_MOST];
    uint64_t turns;
};

kp_sessions *kp_sessions_new(void) {
    return kp_zalloc(1, sizeof(kp_sessions));
}

static void forget(kept *k) {
    for (size_t i = 0; i < KP_SESSION_PARTS; i++) {
        kp_cell_drop(k->cell[i]);
        kp_known_release(k->known[i]);
    }
    *k = (kept){.used = false};
}

void kp_sessions_free(kp_sessions *s) {
    for (size_t i = 0; s && i < KP_SESSIONS_MOST; i++)
        forget(&s->list[i]);
    kp_free(s);
}

static kept *find(kp_sessions *s, const unsigned char name[32]) {
    for (size_t i = 0; i < KP_SESSIONS_MOST; i++)
        if (s->list[i].used && memcmp(s->list[i].name, name, 32) == 0)
            return &s->list[i];
    return NULL;
}

kp_session *kp_sessions_find(kp_sessions *s, const char *made_from, size_t len) {
    unsigned char name[32];
    if (!s || !made_from)
        return NULL;
    kp_sha256(made_from, len, name);
    kept *k = find(s, name);
    if (!k)
        return NULL;
    k->turn = ++s->turns;
    return &k->facts;
}

/* A free place, or that of the one that was used longest ago. */
static kept *place(kp_sessions *s) {
    kept *oldest = &s->list[0];
    for (size_t i = 0; i < KP_SESSIONS_MOST; i++) {
        if (!s->list[i].used)
            return &s->list[i];
        if (s->list[i].turn < oldest->turn)
            oldest = &s->list[i];
    }
    return oldest;
}

static bool keep_part(kept *k, size_t i, const kp_buf *part) {
    if (part->failed)
        return false;
    if (part->len == 0)
        return true;
    k->cell[i] = kp_cell_new(part->data, part->len);
    k->known[i] = kp_known_hold(part->data, part->len);
    return k->cell[i] && k->known[i];
}

kp_session *kp_sessions_put(kp_sessions *s, const char *made_from, size_t len, const kp_buf *parts, size_t count,
                            kp_session facts) {
    kept fresh = {.facts = facts, .used = true};
    if (!s || !made_from || !parts || count > KP_SESSION_PARTS)
        return NULL;
    kp_sha256(made_from, len, fresh.name);
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        ok = keep_part(&fresh, i, &parts[i]) && ok;
    kept *old = find(s, fresh.name);
    if (old)
        forget(old);
    if (!ok) {
        forget(&fresh);
        return NULL;
    }
    kept *k = old ? old : place(s);
    forget(k);
    fresh.turn = ++s->turns;
    *k = fresh;
    return &k->facts;
}

void kp_session_open(kp_session *session, size_t part, kp_buf *out) {
    const kept *k = (const kept *)session;
    if (!session || part >= KP_SESSION_PARTS || !k->cell[part])
        return;
    size_t len = 0;
    const char *text = kp_cell_open(k->cell[part], &len);
    if (text)
        kp_buf_add(out, text, len);
    else
        out->failed = true;
    kp_cell_close(k->cell[part]);
}

void kp_sessions_drop(kp_sessions *s, kp_session *session) {
    if (s && session)
        forget((kept *)session);
}
