/* handle.h: what a language holds in place of a pointer of keyplate: it knows its type, who uses it now, and what it
 * needs to stay alive, so that no order of calls in the language can use what is gone.
 *
 * Not safe for threads by itself: the language's own lock guards it.
 */
#ifndef KEYPLATE_HANDLE_H
#define KEYPLATE_HANDLE_H

#include <stdbool.h>

typedef struct kph_type {
    const char *name;        /* "kp_op": in messages, and to tell types apart */
    void (*free_it)(void *); /* NULL: what is lent by what it needs */
    bool alone;              /* used by one call at a time, by one thread */
} kph_type;

typedef struct kph {
    const kph_type *type;
    void *it;             /* NULL: freed */
    unsigned users;       /* calls that use it now, and handles that need it */
    bool closed, dropped; /* by the program; by the language's collector */
    struct kph *needs;    /* outlives this one */
} kph;

/* Takes it over: on failure (NULL: memory is short) it is freed. needs may be NULL. */
kph *kph_new(const kph_type *, void *it, kph *needs);

typedef enum kph_use { KPH_OK, KPH_CLOSED, KPH_BUSY } kph_use;
/* Before a call uses it; after KPH_OK, kph_leave must follow. any: also while another call uses it. */
kph_use kph_enter(kph *, bool any);
void kph_leave(kph *);
/* Binds it to what it needs from now on. false: it needs another one already. */
bool kph_bind(kph *, kph *needs);
/* The program has done with it: freed now, or as soon as nobody uses it. KPH_BUSY: nothing happened. Twice is fine. */
kph_use kph_close(kph *);
/* The language has done with the handle itself. */
void kph_drop(kph *);

#endif
