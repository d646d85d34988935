/* names.h: the names under which the store keeps what is known of keys and addresses. */
#ifndef KP_ENGINE_NAMES_H
#define KP_ENGINE_NAMES_H

#include <stddef.h>

#include "engine/client.h"

enum { KP_NAME_SIZE = 160 };

/* Of one key, and of the address that it is used from. */
typedef struct kp_gate_names {
    char ban[KP_NAME_SIZE];      /* the address is banned until then */
    char cool[KP_NAME_SIZE];     /* the key was refused, until then */
    char good[KP_NAME_SIZE];     /* it was proven */
    char refusals[KP_NAME_SIZE]; /* how often it was refused, and with what */
    char used[KP_NAME_SIZE];     /* marks: host=when it last used the key, whichever way it went out */
    char revoked[KP_NAME_SIZE];  /* nobody uses the key, whichever way it goes out: when that was said */
} kp_gate_names;

void kp_name_gates(const kp_client *, const char *fingerprint, kp_gate_names *);
/* Marks of the ring: use=NAME of the member that is preferred. */
void kp_name_ring(const kp_client *, char out[KP_NAME_SIZE]);
/* Marks of a member: FINGERPRINT or FINGERPRINT~LAST_FOUR=when it was first seen. */
void kp_name_member(const kp_client *, const char *member, char out[KP_NAME_SIZE]);

/* The gate that stops all paid calls, and the word that says why. */
void kp_name_pause(const kp_client *, char out[KP_NAME_SIZE]);
void kp_name_pause_reason(const kp_client *, char out[KP_NAME_SIZE]);

/* A text from its parts; what does not fit is cut. printf would take longer than the store. */
void kp_name_join(char *out, size_t size, const char *first, const char *second, const char *third);

#endif
