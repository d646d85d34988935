/* fetch_session.c: what the sources do with tokens and temporary credentials that were got: found again, kept, used on
 * while new ones cannot be had, dropped once they are refused.
 */
#include "base/error.h"
#include "policy/fetch_parts.h"

enum { AHEAD_MS = 300000, AGAIN_MS = 60000 };

bool kp_fetch_find_session(kp_fetch *f, size_t name, size_t first, size_t count) {
    const kp_buf *made_from = &f->text[name];
    if (made_from->failed)
        return false;
    f->session = kp_sessions_find(f->sessions, kp_buf_text(made_from), made_from->len);
    for (size_t i = 0; i < count; i++) {
        kp_buf_clear(&f->text[first + i]);
        kp_session_open(f->session, i, &f->text[first + i]);
    }
    return true;
}

kp_session kp_fetch_temporary(const kp_fetch *f, uint64_t left_ms) {
    kp_session facts = {.expires_ms = f->mono_ms + left_ms, .lease_ms = left_ms};
    facts.renew_ms = f->mono_ms + (left_ms / 2 > AHEAD_MS ? left_ms - AHEAD_MS : left_ms / 2);
    return facts;
}

bool kp_fetch_keep_session(kp_fetch *f, size_t name, size_t first, size_t count, kp_session facts) {
    const kp_buf *made_from = &f->text[name];
    f->session = kp_sessions_put(f->sessions, kp_buf_text(made_from), made_from->len, &f->text[first], count, facts);
    f->fresh = true;
    if (!f->session)
        kp_fetch_settle(f, KP_FETCH_FAILED, KP_E_MEMORY);
    return f->session != NULL;
}

bool kp_fetch_use_on(kp_fetch *f) {
    if (!f->session)
        return false;
    f->outage = true;
    f->session->renew_ms = f->mono_ms + AGAIN_MS;
    return true;
}

bool kp_fetch_drop_session(kp_fetch *f) {
    if (!f->session || f->fresh)
        return false;
    kp_sessions_drop(f->sessions, f->session);
    f->session = NULL;
    return true;
}
