/* config.h: options as names and values over the one table of option_list.h. */
#ifndef KP_ENGINE_CONFIG_H
#define KP_ENGINE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/secret.h"
#include "keyplate.h"
#include "wire/json.h"

typedef enum kp_option {
#define X(symbol, name, type, fallback, low, high, range, text) KP_OPT_##symbol,
#include "engine/option_list.h"
#undef X
    KP_OPTIONS
} kp_option;

struct kp_config {
    char *value[KP_OPTIONS];     /* safe memory; NULL: never set */
    unsigned set_at[KP_OPTIONS]; /* counts calls: a profile goes before what was set before it or with it */
    unsigned calls;
    bool loading, laying_over;
    bool settled; /* a client's copy: nothing changes, and numbers are read already */
    bool is_number[KP_OPTIONS];
    uint64_t number[KP_OPTIONS];
    kp_held *held;  /* what the references "held:NAME" find */
    kp_buf problem; /* the first one */
    int error;      /* its code */
    bool out_of_memory;
};

/* Records a problem found elsewhere (an unreadable file); the first one stays. Returns KP_E_CONFIG. */
int kp_config_fail(kp_config *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Notes that memory is short. Returns KP_E_MEMORY. */
int kp_config_no_memory(kp_config *);
/* Whether the value of this option is JSON text. */
bool kp_config_is_json(int option);
/* A deep copy, NULL when memory is short. Checks what needs several options (base URLs against allow_http_hosts). */
kp_config *kp_config_copy(const kp_config *);
/* The value in force. Never NULL. */
const char *kp_config_value(const kp_config *, kp_option);
/* Durations and sizes as numbers; fallback if the value is empty. */
uint64_t kp_config_number(const kp_config *, kp_option, uint64_t fallback);
bool kp_config_flag(const kp_config *, kp_option);
/* Sets the options of an object, nested ones by dotted names, but those that were set after the option profiles. The
   same result as kp_config_load. */
int kp_config_lay_over(kp_config *, kp_json object);
/* profile.c: what is wrong with a text of profiles, NULL: nothing; sets what the option profile picks. */
const char *kp_profiles_problem(const char *text);
void kp_profile_apply(kp_config *);
/* The index of a name, -1 if there is none. */
int kp_config_find(const char *name);

#endif
