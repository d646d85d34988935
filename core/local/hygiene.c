/* hygiene.c: looks at locked memory, core dumps and swap. */
#include "local/hygiene.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "safe/arena.h"

/* A lock is tried only when memory is taken. */
static bool can_lock(void) {
    kp_safe_free(kp_safe_alloc(1));
    return kp_safe_all_locked();
}

static bool dumps_core(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur > 0;
}

/* The file has a line of headings, then one line for each swap area. */
static bool has_swap(const char *swaps) {
    char text[1024];
    int fd = open(swaps, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, sizeof text);
    close(fd);
    const char *end = len > 0 ? memchr(text, '\n', (size_t)len) : NULL;
    return end && text + len - end > 1;
}

void kp_hygiene_gaps(kp_buf *out) {
    if (!can_lock())
        kp_buf_str(out, "memory for keys could not be locked (ulimit -l), so it could reach swap\n");
    if (dumps_core())
        kp_buf_str(out, "core dumps are on (ulimit -c), and other libraries may have copies of what they send\n");
}

void kp_hygiene_with(const char *swaps, kp_buf *out) {
    kp_hygiene_gaps(out);
    if (swaps && has_swap(swaps))
        kp_buf_str(out, kp_safe_all_locked() ? "swap is on; the memory for keys is locked, so it does not go there\n"
                                             : "swap is on, and the memory for keys is not locked\n");
}

void kp_hygiene(kp_buf *out) {
    kp_hygiene_with("/proc/swaps", out);
}
