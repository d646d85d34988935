/* zone.h: named time zones, read from the bytes of a TZif file (RFC 9636, versions 1 to 4) of the system's tzdata.
 *
 * Times are seconds: unix time, and local time counted as if it were UTC (local day * 86400 + second of the day). Years
 * 2 to 9999; a time beyond counts as the nearest of them. */
#ifndef KP_POLICY_ZONE_H
#define KP_POLICY_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define KP_ZONE_NAME_MOST 64
#define KP_ZONE_FILE_MOST 65536 /* no file of a zone is larger */

typedef struct kp_zone kp_zone;

/* Whether this can be the name of a zone: letters, digits, '_', '+', '-' and, between them, '/'. */
bool kp_zone_is_name(const char *name, size_t len);
/* UTC, in either case, needs no file: its zone is NULL. */
bool kp_zone_is_utc(const char *name, size_t len);
/* Adds the path of the file to read for the zone. false, and nothing added: it is no name of a zone. */
bool kp_zone_add_path(kp_buf *, const char *name, size_t len);
/* Whether it is such a path: its file is not text. */
bool kp_zone_is_path(const char *path);

/* The zone that a file holds. NULL with *problem a part of a sentence ("the file ends too early"), or with *problem
   NULL when memory is short. */
kp_zone *kp_zone_new(const void *data, size_t len, const char **problem);
void kp_zone_free(kp_zone *);

/* Seconds to add to UTC at that time. */
int32_t kp_zone_offset(const kp_zone *, int64_t unix_s);
/* The first time at which the local clock shows local_s: of a repeated hour the first. If it jumps over local_s, the
   time of the jump. */
int64_t kp_zone_unix(const kp_zone *, int64_t local_s);
/* The first time after unix_s at which the offset may change; it is the same from one such time to the next. false:
   there is none. */
bool kp_zone_boundary(const kp_zone *, int64_t unix_s, int64_t *next_s);
/* The first time after unix_s at which the offset does change. false: there is none. */
bool kp_zone_transition(const kp_zone *, int64_t unix_s, int64_t *next_s);

#endif
