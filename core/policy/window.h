/* window.h: time windows, such as "Mon-Fri 09:00-17:00 Europe/Berlin; Sat 22:00-06:00 UTC".
 *
 *   window  [DAYS ]HH:MM-HH:MM[ ZONE]     several are joined by ';': open is what one of them opens
 *   DAYS    names and ranges, joined by ',': Mon,Wed · Mon-Fri · Fri-Mon; none: every day
 *   ZONE    a name of the system's tzdata; none: UTC
 *
 * What counts is what the local clock shows: 09:00 is 09:00 in summer and in winter. A start that the clock jumps over
 * is the end of the jump; an hour that comes twice counts twice. An end that is not after the start is of the next day,
 * and DAYS are the days of the start; 24:00 ends the day. Times are unix ms. */
#ifndef KP_POLICY_WINDOW_H
#define KP_POLICY_WINDOW_H

#include "policy/zone.h"

#define KP_WINDOWS_MOST 32
#define KP_WINDOW_TEXT_MOST 2048

typedef struct kp_windows kp_windows;

/* 0, or KP_E_CONFIG with a sentence in *problem that names the window by its number and never repeats the text, or
   KP_E_MEMORY. */
int kp_windows_parse(const char *text, size_t len, kp_windows **out, kp_buf *problem);
void kp_windows_free(kp_windows *);

/* The zones whose files the caller reads and gives (kp_zone_add_path), each once. NULL past the last. Lent. */
const char *kp_windows_zone(const kp_windows *, size_t i);
/* Gives the bytes of the file of zone i; a file given later replaces the one before. 0, or KP_E_CONFIG with a sentence
 *in problem, or KP_E_MEMORY: what was there stays. A window whose zone has no file is never open. */
int kp_windows_give(kp_windows *, size_t i, const void *data, size_t len, kp_buf *problem);

/* Whether the file of zone i was given. */
bool kp_windows_has(const kp_windows *, size_t i);
/* Notes why it cannot be given, as a part of a sentence that stays valid; NULL: the system has no such zone. */
void kp_windows_miss(kp_windows *, size_t i, const char *why);
/* The name of the first zone whose file was not given, NULL if there is none; *why as in kp_windows_miss. */
const char *kp_windows_missing(const kp_windows *, const char **why);

/* NULL is never open. */
bool kp_windows_open(const kp_windows *, int64_t unix_ms);
/* The first time from unix_ms on at which one is open; unix_ms itself if one is. INT64_MAX: never. */
int64_t kp_windows_next(const kp_windows *, int64_t unix_ms);

#endif
