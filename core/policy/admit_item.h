/* admit_item.h: the items of ADMIT and LOOK: gates, rates, budgets, slots: each is read, looked at, and taken. */
#ifndef KP_POLICY_ADMIT_ITEM_H
#define KP_POLICY_ADMIT_ITEM_H

#include "policy/admit_budget.h"
#include "policy/admit_rate.h"
#include "policy/admit_slot.h"

typedef enum kp_item_kind { KP_ITEM_GATE, KP_ITEM_RATE, KP_ITEM_BUDGET, KP_ITEM_SLOT } kp_item_kind;

typedef struct kp_item {
    kp_item_kind kind;
    bool soft;
    kp_arg name;
    kp_rate rate;
    kp_budget budget;
    kp_slot slot;
    /* what looking found */
    bool takes;      /* there is room, or it is soft and counts all the same */
    bool refuses;    /* it is not soft, and there is none */
    int64_t used;    /* booked, spent, taken; a gate: 1 if it is shut */
    int64_t left;    /* of the limit */
    int64_t start;   /* when it may begin; if it refuses: when to come back */
    int64_t time_us; /* of a rate, with what this item takes */
    kp_sum *sum;     /* of a budget or a slot, the same */
    int64_t key;     /* where it was added */
} kp_item;

/* The word of a kind. */
const char *kp_item_word(kp_item_kind);
/* Reads the arguments from the first-th on; items has room for one of every two. NULL, or what is wrong. */
const char *kp_items_read(const kp_verb *, size_t first, kp_item *items, size_t *count);
/* Looks at the i-th, what those before it take included. 0; -1 when the map failed or memory is short; *wrong is what
   is stored if that is damaged. wait_ms: how long a rate may let it wait. */
int kp_item_look(kp_verb *, kp_item *items, size_t i, int64_t wait_ms, const char **wrong);
/* Stores it, if it takes, and adds to *record what SETTLE needs. 0, or -1 when it failed. */
int kp_item_take(kp_verb *, const kp_item *, kp_buf *record);
void kp_items_free(kp_item *items, size_t count);

#endif
