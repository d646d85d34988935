/* store_turn.c: the turn is a lock on a byte of the file, which goes with the process that holds it. */
#include "local/store_turn.h"

#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

enum { YIELDS_MOST = 100, DOUBLINGS_MOST = 7, QUICK_TRIES = 8 };

/* Beyond the bytes that SQLite locks (512 from 0x40000000 on). Locks of open file descriptions, because those of
   processes would say nothing between two handles of one process. */
static struct flock turn_byte(short type) {
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = 0x60000000, .l_len = 1};
}

int kp_turn_open(const char *path) {
    return open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool kp_turn_must_yield(kp_turn *turn, int fd) {
    struct flock lock = turn_byte(F_WRLCK);
    if (turn->mine || turn->yields >= YIELDS_MOST || fd < 0 || fcntl(fd, F_OFD_GETLK, &lock) != 0)
        return false;
    turn->yields++;
    return lock.l_type != F_UNLCK;
}

void kp_turn_want(kp_turn *turn, int fd) {
    struct flock lock = turn_byte(F_WRLCK);
    turn->tries++;
    if (!turn->mine && fd >= 0)
        turn->mine = fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

void kp_turn_done(kp_turn *turn, int fd) {
    struct flock lock = turn_byte(F_UNLCK);
    if (turn->mine && fd >= 0)
        fcntl(fd, F_OFD_SETLK, &lock);
    turn->mine = false;
}

/* Random, so that those who wait do not meet again; short at first for the one whose turn it is. All naps end within
   KP_SLICE_MS, and a file that stays locked costs next to nothing. */
void kp_turn_pause(const kp_turn *turn) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t mix = ((uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 20) * 0x9e3779b97f4a7c15u;
    int doublings = turn->mine ? turn->tries / QUICK_TRIES : turn->tries;
    uint64_t least_us = (turn->mine ? 20u : 100u) << (doublings < DOUBLINGS_MOST ? doublings : DOUBLINGS_MOST);
    struct timespec nap = {0, (long)(least_us + (mix >> 33) % least_us) * 1000};
    nanosleep(&nap, NULL);
}
