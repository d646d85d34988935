/* option_secret.c: walks the reads that the reference to a secret needs. */
#include "local/option_secret.h"

#include <string.h>

#include "base/text.h"
#include "engine/secret.h"
#include "local/read.h"
#include "policy/finder.h"
#include "safe/arena.h"

static const char name_of_held[] = "held:";

static int read_held(const kp_client *client, const char *name, char *room, size_t *len) {
    bool failed = false;
    if (!kp_held_read(client->config->held, name, room, KP_ROOM_SIZE, len, &failed))
        return KP_ABSENT;
    return failed || *len > KP_ROOM_SIZE ? KP_FAILED : KP_FOUND;
}

static bool find(const kp_client *client, const kp_keyref *ref, const char *what, const kp_patience *patience,
                 kp_buf *out, kp_buf *problem) {
    char *room = kp_safe_alloc(KP_ROOM_SIZE);
    kp_finder finder;
    kp_finder_init(&finder);
    kp_finder_start(&finder, ref);
    const char *place;
    while (room && (place = kp_finder_read(&finder))) {
        size_t len = 0;
        int why = KP_WHY_NONE;
        int how = kp_starts(place, name_of_held) ? read_held(client, place + sizeof name_of_held - 1, room, &len)
                                                 : kp_read_local(place, room, KP_ROOM_SIZE, patience, &len, &why);
        kp_finder_on_read(&finder, how, why, room, len);
    }
    bool there = room && finder.state == KP_THERE;
    if (there)
        kp_buf_add(out, room + finder.key_at, finder.key_len);
    else if (!room || finder.note.failed)
        kp_buf_str(problem, "memory is short");
    else
        kp_buf_fmt(problem, "%s cannot be had: %s", what, kp_buf_text(&finder.note));
    kp_finder_free(&finder);
    kp_safe_free(room);
    return there;
}

bool kp_option_secret(const kp_client *client, const char *option, const char *what, const kp_patience *patience,
                      kp_buf *out, kp_buf *problem) {
    const char *text = kp_client_option(client, option);
    kp_keyref ref;
    if (!text || !text[0])
        return true;
    if (kp_keyref_parse(text, strlen(text), NULL, &ref, problem) != 0) {
        kp_buf_str(problem, problem->len > 0 ? "" : "memory is short");
        return false;
    }
    bool there = ref.kind != KP_REF_FD && ref.kind != KP_REF_HOST;
    if (there)
        there = find(client, &ref, what, patience, out, problem);
    else
        kp_buf_fmt(problem, "%s cannot come from fd: or host:, for it is read again and again", what);
    kp_keyref_free(&ref);
    return there;
}
