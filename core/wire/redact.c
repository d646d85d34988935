/* redact.c: moves a window over a text, asks the rules at each place, and unites what they say. */
#include "wire/redact.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "safe/arena.h"
#include "safe/known.h"
#include "wire/redact_parts.h"

/* SLICE: how much is looked at in one go, with the set of known secrets held still. */
enum { SLICE = 16384, MOST_COMING = 8 };

struct kp_redact {
    kp_bare_hex bare;
    const bool *first;            /* what known secrets can begin with, while they are held still */
    kp_buf window;                /* what was looked at last, and all that is held back */
    size_t at;                    /* the place in the window that is looked at next */
    size_t shown;                 /* up to here the window is told, in out or as part of a mask */
    size_t until;                 /* the furthest end of an interval of known length; before at: none */
    unsigned ends;                /* how the values end that go on here, a bit each */
    size_t slashes;               /* backslashes directly in front of at */
    kp_value coming[MOST_COMING]; /* where values may begin, further on: two or three at the most */
    size_t coming_count;
    enum { WHOLE = 0, LOST, LOST_TOLD } lost; /* memory was short: a line end is waited for */
    bool changed;                             /* by the part that is being fed */
    kp_buf out;
};

kp_redact *kp_redact_new(kp_bare_hex bare) {
    kp_redact *r = kp_zalloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->bare = bare;
    kp_buf_init(&r->window, &kp_safe);
    kp_buf_init(&r->out, NULL);
    return r;
}

void kp_redact_free(kp_redact *r) {
    if (!r)
        return;
    kp_buf_free(&r->window);
    kp_buf_free(&r->out);
    kp_free(r);
}

/* Forgets the text, not what of it is told. */
static void begin_text(kp_redact *r) {
    if (r->window.data)
        kp_wipe(r->window.data, r->window.len);
    kp_buf_clear(&r->window);
    r->at = r->shown = r->until = r->slashes = r->coming_count = 0;
    r->ends = 0;
    r->lost = WHOLE;
}

/* ---- One place ---- */

/* What the rules say at one place. */
typedef struct finding {
    unsigned ended;                 /* values that end here */
    unsigned begun;                 /* values that begin here */
    size_t until;                   /* the furthest end of what begins here and has a known length */
    kp_value next[MOST_COMING + 2]; /* values that may begin further on */
    size_t next_count;
} finding;

static void add_next(finding *f, kp_value value) {
    if (value.ends)
        f->next[f->next_count++] = value;
}

static void reach(finding *f, size_t at, size_t len) {
    if (len > 0 && at + len > f->until)
        f->until = at + len;
}

/* A value that may begin here. */
static void look_at_value(const kp_redact *r, kp_window *w, unsigned ends, finding *f) {
    if (ends & KP_LOGINS) {
        reach(f, r->at, kp_redact_login(w, r->at, ends));
        return;
    }
    if (kp_text_at(w, r->at, "[redacted]") && memcmp(w->text + r->at, KP_MASK_TEXT, strlen(KP_MASK_TEXT)) == 0)
        add_next(f, (kp_value){r->at + strlen(KP_MASK_TEXT), ends});
    else if (!kp_redact_value_ends(w, r->at, ends, 0) && !kp_redact_is_own_mask(w, r->at, ends))
        f->begun |= ends;
}

static void look(const kp_redact *r, kp_window *w, finding *f) {
    size_t at = r->at;
    for (unsigned bit = 1; bit && bit <= r->ends; bit <<= 1)
        if ((r->ends & bit) && kp_redact_value_ends(w, at, bit, r->slashes))
            f->ended |= bit;
    for (size_t i = 0; i < r->coming_count; i++)
        if (r->coming[i].at == at)
            look_at_value(r, w, r->coming[i].ends, f);
    if (r->first[(unsigned char)w->text[at]])
        reach(f, at, kp_known_match(w, at));
    reach(f, at, kp_redact_bare(w, at, r->bare));
    add_next(f, kp_redact_url(w, at));
    if (kp_is_word_char(kp_back(w, at, 1)) && !kp_is_word_char((unsigned char)w->text[at]))
        add_next(f, kp_redact_named(w, at));
}

static void keep_coming(kp_redact *r, const finding *f) {
    size_t kept = 0;
    for (size_t i = 0; i < r->coming_count; i++)
        if (r->coming[i].at > r->at)
            r->coming[kept++] = r->coming[i];
    for (size_t i = 0; i < f->next_count && kept < MOST_COMING; i++)
        r->coming[kept++] = f->next[i];
    r->coming_count = kept;
}

/* Shows the text up to the place. */
static void show(kp_redact *r) {
    kp_buf_add(&r->out, r->window.data + r->shown, r->at - r->shown);
    r->shown = r->at;
}

static void settle(kp_redact *r, const finding *f) {
    bool goes_on = r->until > r->at || (r->ends & ~f->ended) != 0;
    r->ends = (r->ends & ~f->ended) | f->begun;
    if (f->until > r->until)
        r->until = f->until;
    bool masked = r->until > r->at || r->ends != 0;
    if (masked && !goes_on) {
        show(r);
        kp_buf_str(&r->out, KP_MASK_TEXT);
    }
    keep_coming(r, f);
    r->slashes = r->window.data[r->at] == '\\' ? r->slashes + 1 : 0;
    r->at++;
    if (masked) {
        r->changed = true;
        r->shown = r->at;
    }
}

/* ---- A part of a text ---- */

/* Passes places at which nothing goes on, is coming or can begin. */
static void pass_calm(kp_redact *r, const kp_window *w) {
    if (r->ends || r->coming_count || r->until > r->at)
        return;
    size_t from = r->at;
    r->at = kp_redact_skip(w, r->at, r->first);
    for (size_t at = r->at; at > from; at--)
        if (w->text[at - 1] != '\\') {
            r->slashes = r->at - at;
            return;
        }
    r->slashes += r->at - from;
}

/* Looks at all places whose rules have seen enough. */
static void scan(kp_redact *r, bool ended) {
    kp_window w = {r->window.data, r->window.len, ended, false};
    kp_known_begin();
    r->first = kp_known_first();
    for (pass_calm(r, &w); r->at < w.len; pass_calm(r, &w)) {
        finding f;
        f.ended = f.begun = 0;
        f.until = f.next_count = 0;
        look(r, &w, &f);
        if (w.wanting)
            break;
        settle(r, &f);
    }
    kp_known_end();
    if (r->at > r->shown)
        show(r);
}

/* Lets go of what no rule looks back to. */
static void forget(kp_redact *r) {
    if (r->at <= KP_REDACT_BEHIND)
        return;
    size_t gone = r->at - KP_REDACT_BEHIND;
    memmove(r->window.data, r->window.data + gone, r->window.len - gone);
    r->window.len -= gone;
    kp_wipe(r->window.data + r->window.len, gone);
    r->at -= gone;
    r->shown -= gone;
    r->until = r->until > gone ? r->until - gone : 0;
    for (size_t i = 0; i < r->coming_count; i++)
        r->coming[i].at -= gone;
}

/* Passes what is lost: up to a line end, which values and keys do not go across. One mask stands for it. */
static void pass_lost(kp_redact *r, const char **text, size_t *len) {
    const char *end = *len ? memchr(*text, '\n', *len) : NULL;
    size_t gone = end ? (size_t)(end - *text) : *len;
    if (r->lost == LOST)
        kp_buf_str(&r->out, KP_MASK_TEXT);
    *text += gone;
    *len -= gone;
    r->changed = true;
    r->lost = end ? WHOLE : LOST_TOLD;
}

static int lose(kp_redact *r, bool final) {
    begin_text(r);
    r->lost = final ? WHOLE : LOST;
    return -1;
}

/* Takes the part slice by slice. */
static void take(kp_redact *r, const char *text, size_t len, bool ended) {
    do {
        size_t n = len < SLICE ? len : SLICE;
        kp_buf_add(&r->window, text, n);
        text += n;
        len -= n;
        if (r->window.failed || r->out.failed)
            return;
        scan(r, ended && len == 0);
        forget(r);
    } while (len > 0);
}

int kp_redact_feed(kp_redact *r, const char *text, size_t len, int final, const char **out, size_t *out_len) {
    if (!r || !out || !out_len)
        return -1;
    const char *part = text ? text : "";
    size_t part_len = text ? len : 0;
    *out = part;
    *out_len = 0;
    kp_buf_clear(&r->out);
    r->changed = r->at < r->window.len;
    if (r->lost != WHOLE)
        pass_lost(r, &part, &part_len);
    if (r->lost == WHOLE)
        take(r, part, part_len, final != 0);
    if (r->window.failed || r->out.failed)
        return lose(r, final != 0);
    bool same = !r->changed && r->at == r->window.len;
    if (final)
        begin_text(r);
    *out = same ? *out : kp_buf_text(&r->out);
    *out_len = same ? part_len : r->out.len;
    return same ? 0 : 1;
}

void kp_redact_text(kp_buf *out, kp_bare_hex bare, const char *text, size_t len) {
    const char *result = NULL;
    size_t result_len = 0;
    if (!out || !text)
        return;
    kp_redact *r = kp_redact_new(bare);
    if (kp_redact_feed(r, text, len, 1, &result, &result_len) < 0)
        out->failed = true;
    else
        kp_buf_add(out, result, result_len);
    kp_redact_free(r);
}
