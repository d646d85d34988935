/* known.c: keeps the set of known secrets: who holds them, which are retired, and where their forms begin. */
#include "safe/known.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "safe/arena.h"
#include "safe/crypto.h"
#include "safe/known_set.h"

/* Readers share it. Memory is taken and given back outside of it, but for the lists of starts. */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static kp_start_list starts[256]; /* by first character, letters in lower case */
static kp_start_list brief;       /* the short ones */
static bool can_begin[256];       /* what a match can begin with */
static kp_known *oldest, *newest;
static size_t retired, count;

/* As a reader: it is writers that a child must not find half-way. */
static void before_fork(void) {
    pthread_rwlock_rdlock(&lock);
}

static void after_fork(void) {
    pthread_rwlock_unlock(&lock);
}

/* The lock of a child is made anew: what it remembers of other readers is of another process. */
static void in_child(void) {
    static const pthread_rwlock_t fresh = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_unlock(&lock);
    memcpy(&lock, &fresh, sizeof lock);
}

static void watch_forks(void) {
    pthread_atfork(before_fork, after_fork, in_child);
}

/* Forks are watched from the first reader on: the child of one that forks while another thread reads would else inherit
   a lock that a thread holds which it does not have. */
void kp_known_begin(void) {
    pthread_once(&fork_once, watch_forks);
    pthread_rwlock_rdlock(&lock);
}

void kp_known_end(void) {
    pthread_rwlock_unlock(&lock);
}

const kp_start_list *kp_known_starts(char first) {
    return &starts[(unsigned char)kp_lower(first)];
}

const kp_start_list *kp_known_short(void) {
    return &brief;
}

const bool *kp_known_first(void) {
    return can_begin;
}

/* ---- Starts ---- */

/* An escape and UTF-16 can hide any character. */
static void note_first(void) {
    size_t any = 0;
    for (int c = 0; c < 256; c++) {
        size_t here = kp_known_starts((char)c)->count;
        any += here;
        can_begin[c] = here > 0;
    }
    for (const char *c = "%\\&"; *c; c++)
        can_begin[(unsigned char)*c] = any > 0;
    can_begin[0] = any > 0;
}

/* Where the forms of a secret are listed: at most one list for each form and two for base64, whose alphabets differ. */
enum { LISTS = 2 * KP_FORM_COUNT };

typedef struct listing {
    kp_start_list *list;
    int kind;
} listing;

static size_t listings_of(const kp_known *s, listing out[LISTS]) {
    size_t n = 0;
    if (s->len < KP_LEAST_ANYWHERE) {
        out[n++] = (listing){&brief, KP_FORM_PLAIN};
        return n;
    }
    for (int kind = 0; kind < KP_FORM_COUNT; kind++) {
        char first = s->forms.form[kind].text[0];
        out[n++] = (listing){&starts[(unsigned char)kp_lower(first)], kind};
        if (kind >= KP_FORM_BASE64 && (first == '+' || first == '/'))
            out[n++] = (listing){&starts[(unsigned char)(first == '+' ? '-' : '_')], kind};
    }
    return n;
}

/* The first forms of one secret may share a list: room for all of them. */
static bool make_room(kp_start_list *in) {
    if (in->room - in->count >= LISTS)
        return true;
    size_t room = in->room * 2 + LISTS;
    if (room > SIZE_MAX / sizeof *in->list)
        return false;
    kp_start *list = kp_realloc(in->list, room * sizeof *list);
    if (!list)
        return false;
    in->list = list;
    in->room = room;
    return true;
}

static bool enlist(const kp_known *s) {
    listing to[LISTS];
    size_t n = listings_of(s, to);
    for (size_t i = 0; i < n; i++)
        if (!make_room(to[i].list))
            return false;
    for (size_t i = 0; i < n; i++)
        to[i].list->list[to[i].list->count++] = (kp_start){s, to[i].kind};
    note_first();
    count++;
    return true;
}

static void strike(const kp_known *s) {
    listing from[LISTS];
    size_t n = listings_of(s, from);
    for (size_t i = 0; i < n; i++) {
        kp_start_list *in = from[i].list;
        for (size_t k = 0; k < in->count; k++)
            if (in->list[k].of == s && in->list[k].kind == from[i].kind) {
                in->list[k] = in->list[--in->count];
                break;
            }
        if (in->count == 0) {
            kp_free(in->list);
            *in = (kp_start_list){0};
        }
    }
    note_first();
    count--;
}

/* ---- Secrets ---- */

static kp_known *find(const char *text, size_t len) {
    const kp_start_list *in = len < KP_LEAST_ANYWHERE ? &brief : kp_known_starts(text[0]);
    for (size_t i = 0; i < in->count; i++) {
        const kp_known *s = in->list[i].of;
        if (in->list[i].kind == KP_FORM_PLAIN && s->len == len &&
            kp_equal(s->forms.form[KP_FORM_PLAIN].text, text, len))
            return (kp_known *)(uintptr_t)s;
    }
    return NULL;
}

static kp_known *make(const char *text, size_t len) {
    if (len > SIZE_MAX / 16)
        return NULL;
    kp_known *s = kp_safe_alloc(sizeof *s + kp_forms_room(len));
    if (!s)
        return NULL;
    *s = (kp_known){.len = len};
    kp_forms_make(&s->forms, (char *)(s + 1), text, len);
    return s;
}

static void unretire(kp_known *s) {
    *(s->older ? &s->older->newer : &oldest) = s->newer;
    *(s->newer ? &s->newer->older : &newest) = s->older;
    s->older = s->newer = NULL;
    retired--;
}

/* The one that has to go for it, NULL if there is room. */
static kp_known *retire(kp_known *s) {
    s->older = newest;
    *(newest ? &newest->newer : &oldest) = s;
    newest = s;
    if (++retired <= KP_RETIRED_MOST)
        return NULL;
    kp_known *gone = oldest;
    unretire(gone);
    strike(gone);
    return gone;
}

/* The secret, held once more; fresh becomes it if it was not known. */
static kp_known *hold(const char *text, size_t len, kp_known *fresh) {
    kp_known *s = find(text, len);
    if (s && s->holders == 0)
        unretire(s);
    if (!s && fresh && enlist(fresh))
        s = fresh;
    if (s)
        s->holders++;
    return s;
}

kp_known *kp_known_hold(const char *secret, size_t len) {
    if (!secret || len == 0)
        return NULL;
    pthread_once(&fork_once, watch_forks);
    pthread_rwlock_wrlock(&lock);
    kp_known *s = hold(secret, len, NULL);
    pthread_rwlock_unlock(&lock);
    if (s)
        return s;
    kp_known *fresh = make(secret, len);
    if (!fresh)
        return NULL;
    pthread_rwlock_wrlock(&lock);
    s = hold(secret, len, fresh); /* another thread may have been faster */
    pthread_rwlock_unlock(&lock);
    if (s != fresh)
        kp_safe_free(fresh);
    return s;
}

void kp_known_release(kp_known *s) {
    if (!s)
        return;
    pthread_rwlock_wrlock(&lock);
    kp_known *gone = --s->holders == 0 ? retire(s) : NULL;
    pthread_rwlock_unlock(&lock);
    kp_safe_free(gone);
}

bool kp_known_add(const char *secret, size_t len) {
    if (!secret || len == 0)
        return true;
    kp_known *s = kp_known_hold(secret, len);
    kp_known_release(s);
    return s != NULL;
}

size_t kp_known_count(void) {
    kp_known_begin();
    size_t n = count;
    kp_known_end();
    return n;
}
