/* admit_reference.h: what the store verbs mean, written a second time and plainly: lists of everything that was
 * granted, which are gone through anew for each ask.
 *
 * When a slot ends is known to the eighth of its time only. Where that decides, both answers are right, and the one
 * that was given is taken over. */
#ifndef KP_TESTS_ADMIT_REFERENCE_H
#define KP_TESTS_ADMIT_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

enum { REF_NAMES = 8, REF_ITEMS_MOST = 8, REF_GRANTS_MOST = 4096, REF_IDS_MOST = 4096, REF_WHY_SIZE = 200 };

typedef enum { REF_GATE, REF_RATE, REF_BUDGET, REF_SLOT } ref_kind;

/* One item of an ask; name is a number below REF_NAMES, for each kind its own. */
typedef struct {
    ref_kind kind;
    int name;
    bool soft;
    int64_t period_us, burst; /* of a rate */
    int64_t add, zone_s;      /* of a budget */
    bool rolling;
    int64_t limit, ttl_ms; /* of a slot; the limit of a budget too */
} ref_item;

/* One reply, read. */
typedef struct {
    bool granted;
    int64_t start;
    ref_kind kind;
    int index;
    int64_t left, retry;
    int counts;
    struct {
        bool full;
        int64_t used, retry;
    } count[REF_ITEMS_MOST];
} ref_reply;

typedef struct reference reference;

reference *ref_new(void);
void ref_free(reference *);
/* Nothing was ever granted. calm: the clock never goes back. */
void ref_begin(reference *, bool calm);

void ref_gate(reference *, int64_t now_ms, int name, int64_t opens_ms, int64_t expires_ms);
/* Each returns NULL if the reply is right, and takes over what was granted; else what is wrong with it. */
const char *ref_admit(reference *, int64_t now_ms, int64_t wait_ms, int id, const ref_item *, int count,
                      const ref_reply *);
const char *ref_look(reference *, int64_t now_ms, const ref_item *, int count, const ref_reply *);
void ref_settle(reference *, int64_t now_ms, int id, bool back);

#endif
