/* redis_clock.c: preloaded into a Redis server by a test: its clock is the number of microseconds in a file that the
 * test writes, and stands still until the test moves it. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#define VISIBLE __attribute__((visibility("default")))

static const volatile int64_t *hand_us;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("KP_TEST_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *there = fd >= 0 ? mmap(NULL, sizeof *hand_us, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (there == MAP_FAILED)
        abort();
    hand_us = there;
    close(fd);
}

VISIBLE int gettimeofday(struct timeval *restrict tv, void *restrict tz) {
    (void)tz;
    int64_t us = *hand_us;
    tv->tv_sec = (time_t)(us / 1000000);
    tv->tv_usec = (suseconds_t)(us % 1000000);
    return 0;
}
