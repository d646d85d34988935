/* names.c: makes the names under which the store keeps what is known of keys and addresses. */
#include "engine/names.h"

#include <string.h>

void kp_name_join(char *out, size_t size, const char *first, const char *second, const char *third) {
    const char *parts[] = {first, second, third};
    size_t at = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(parts[i]), left = size - 1 - at;
        memcpy(out + at, parts[i], len < left ? len : left);
        at += len < left ? len : left;
    }
    out[at] = '\0';
}

void kp_name_gates(const kp_client *client, const char *fingerprint, kp_gate_names *names) {
    char tail[KP_NAME_SIZE];
    kp_name_join(tail, sizeof tail, client->scope, "/", fingerprint);
    kp_name_join(names->ban, sizeof names->ban, "ban/", client->scope, "");
    kp_name_join(names->cool, sizeof names->cool, "cool/", tail, "");
    kp_name_join(names->good, sizeof names->good, "good/", tail, "");
    kp_name_join(names->refusals, sizeof names->refusals, "refusals/", tail, "");
    kp_name_join(tail, sizeof tail, client->provider->name, "/", fingerprint);
    kp_name_join(names->used, sizeof names->used, "used/", tail, "");
    kp_name_join(names->revoked, sizeof names->revoked, "revoked/", tail, "");
}

void kp_name_ring(const kp_client *client, char out[KP_NAME_SIZE]) {
    kp_name_join(out, KP_NAME_SIZE, "ring/", client->realm, "");
}

void kp_name_member(const kp_client *client, const char *member, char out[KP_NAME_SIZE]) {
    char tail[KP_NAME_SIZE];
    kp_name_join(tail, sizeof tail, client->realm, "/", member);
    kp_name_join(out, KP_NAME_SIZE, "keys/", tail, "");
}

void kp_name_pause(const kp_client *client, char out[KP_NAME_SIZE]) {
    kp_name_join(out, KP_NAME_SIZE, "pause/", client->realm, "");
}

void kp_name_pause_reason(const kp_client *client, char out[KP_NAME_SIZE]) {
    kp_name_join(out, KP_NAME_SIZE, "pause-reason/", client->realm, "");
}
