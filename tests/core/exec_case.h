/* exec_case.h: makes scripts, and reads what they write. */
#ifndef KP_TESTS_EXEC_CASE_H
#define KP_TESTS_EXEC_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "local/read.h"
#include "scratch.h"

enum { ROOM = 256, GUARD = 16 };

typedef struct reading {
    char guarded[GUARD + ROOM + GUARD];
    char *room;
    size_t len;
    int how, why;
} reading;

static inline reading *read_with(reading *r, const char *command, size_t size, const kp_patience *patience) {
    char name[1200];
    memset(r, 0x5A, sizeof *r);
    r->room = r->guarded + GUARD;
    snprintf(name, sizeof name, "exec:%s", command);
    r->how = kp_read_local(name, r->room, size, patience, &r->len, &r->why);
    for (size_t i = 0; i < GUARD; i++)
        if (r->guarded[i] != 0x5A || r->room[size + i] != 0x5A)
            r->how = -1;
    return r;
}

static inline reading *read_command(const char *command) {
    static reading r;
    return read_with(&r, command, ROOM, NULL);
}

static inline bool gave(const reading *r, int how, int why, const char *content) {
    bool same = r->how == how && r->why == why && r->len == strlen(content) && memcmp(r->room, content, r->len) == 0;
    if (!same)
        fprintf(stderr, "got how %d why %d len %zu: %.*s\n", r->how, r->why, r->len, (int)r->len, r->room);
    return same;
}

/* Makes a script of that name; its path. */
static inline const char *script(const char *name, const char *lines) {
    char text[1200];
    int len = snprintf(text, sizeof text, "#!/bin/sh\n%s\n", lines);
    if (len < 0 || (size_t)len >= sizeof text || !scratch_write(name, text, (size_t)len, 0755))
        abort();
    return scratch_path(name);
}

static inline reading *read_script(const char *lines) {
    return read_command(script("p", lines));
}

/* No child of this process is left, not even a zombie. */
static inline bool childless(void) {
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

#endif
