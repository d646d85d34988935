/* world.h: a driver without a world: a virtual clock, a store in a small map, outcomes drawn or scripted by a test. */
#ifndef KP_TESTS_WORLD_H
#define KP_TESTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyplate.h"

/* What one HTTP step shall get. */
typedef struct {
    int net, sent; /* of kp_on_end */
    int status;
    const char *body;                       /* NULL: no answer at all */
    const char *header_name, *header_value; /* one more header, or NULL */
    bool unframed;                          /* no Content-Length */
    uint64_t takes_ms;
} world_answer;

/* One name of the store's map. */
typedef struct {
    char name[192], value[1024];
    int64_t expires;
} world_entry;
enum { WORLD_NAMES = 256 };

typedef struct world world;
struct world {
    uint64_t mono_ms;
    int64_t unix_ms;
    uint64_t random;
    bool store_away; /* every STORE fails */
    bool append_fails;
    size_t lines; /* APPEND steps done */
    size_t reads, stores, https, submits;
    char last_line[4096];
    world_answer last; /* what the last HTTP step got in the end */
    /* What HTTP gets; NULL: world_success. */
    world_answer (*http)(world *, const kp_op *);
    /* What a place holds: NULL is absent. "env:CAPTCHAAI_API_KEY" holds key by default. */
    const char *(*place)(world *, const char *name);
    int how, why; /* of kp_on_read: place may set them (KP_UNFIT, KP_FOUND_OPEN) */
    size_t size;  /* of what the place holds, where that is no text; 0: it is a text */
    /* A store reply of the test's own instead of the map's: false to leave it to the map. */
    bool (*store)(world *, const kp_op *, char *reply, size_t size);
    char key[64];
    char audit_key[80]; /* what "state:audit.key" holds */
    int no_audit_key;   /* not 0: how the read of it ends instead */
    void *own;
    world_entry map[WORLD_NAMES];
};

void world_init(world *, uint64_t seed);
uint64_t world_draw(world *, uint64_t below);
/* Forgets the store's map. */
void world_forget(world *);
/* One step; false once DONE. */
bool world_step(world *, kp_op *);
/* To DONE; the number of steps, 0 if it did not end within most. */
size_t world_run(world *, kp_op *, size_t most);
/* What the call of this HTTP step is, by its URL and body: "submit", "result", "balance", "report",
   "source" (a store of keys). */
const char *world_call(const kp_op *);
/* Plain successes: balance 12.345, task 4242, not ready once in a while is up to the test, answer "token-4242". */
world_answer world_success(world *, const kp_op *);
/* The value of a name in the store's map, NULL if there is none. */
const char *world_value(world *, const char *start_of_name);

#endif
