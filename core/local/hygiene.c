/* hygiene.c: the table of gaps, and the looks at locked memory, core dumps, swap, libraries and host. */
#include "local/hygiene.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "keyplate_run.h"
#include "safe/arena.h"

enum { UNUSED = 0, GUARDED, UNGUARDED };
static atomic_int libraries[KP_LIBRARIES];

void kp_hygiene_tell(kp_library library, bool guarded) {
    if (library < KP_LIBRARIES)
        atomic_store(&libraries[library], guarded ? GUARDED : UNGUARDED);
}

static int state_of(kp_library library) {
    return atomic_load(&libraries[library]);
}

/* ---- Looks: the sentence about a gap, NULL if there is none ---- */

typedef struct look {
    const kp_client *client;
    const char *swaps; /* NULL: not looked at */
} look;

/* A lock is tried only when memory is taken. */
static bool can_lock(void) {
    kp_safe_free(kp_safe_alloc(1));
    return kp_safe_all_locked();
}

static const char *memory_unlocked(const look *at) {
    (void)at;
    return can_lock() ? NULL : "memory for keys could not be locked, so it could reach swap";
}

static const char *core_dumps(const look *at) {
    (void)at;
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur == 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0)
        return NULL;
    if (state_of(KP_LIBCURL) == UNGUARDED)
        return "core dumps are on, and one that is made during a call has libcurl's copies of the key";
    if (state_of(KP_TLS) == UNGUARDED)
        return "core dumps are on; the memory for keys is left out of them, but not that of the TLS library, which has "
               "the "
               "secrets of its connections";
    return "core dumps are on; the memory for keys is left out of them, but not what the rest of the program copied";
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

static const char *swap(const look *at) {
    if (!at->swaps || !has_swap(at->swaps))
        return NULL;
    if (!can_lock())
        return "swap is on, and the memory for keys is not locked";
    if (state_of(KP_LIBCURL) == UNUSED)
        return "swap is on; the memory for keys is locked, but not the copies that others make to send them";
    return "swap is on; the memory for keys is locked, but not the copies that libcurl and the TLS library have during "
           "a "
           "call";
}

static const char *libcurl_unguarded(const look *at) {
    (void)at;
    return state_of(KP_LIBCURL) != UNGUARDED ? NULL
                                             : "libcurl was started by another part of the program, so its copies of "
                                               "keys are not wiped, and core dumps "
                                               "have them";
}

static const char *tls_unguarded(const look *at) {
    (void)at;
    return state_of(KP_TLS) != UNGUARDED ? NULL
                                         : "the TLS library's memory, which has the secrets of its connections, is in "
                                           "core dumps and is not wiped";
}

static const char *language_strings(const look *at) {
    static const char *const hosts[] = {"lua", "python", "php-fpm", "php-cli", "nginx"};
    const char *host = kp_client_option(at->client, "host");
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (host && kp_same(host, hosts[i]))
            return "a key that is a string of the host's language has copies that nobody can wipe";
    return NULL;
}

/* ---- The table ---- */

typedef struct gap {
    const char *name;
    const char *(*look)(const look *);
    const char *advice;
    bool strict; /* strict mode refuses to work with it */
} gap;

static const gap gaps[] = {
    {"memory_unlocked", memory_unlocked, "raise the limit of locked memory (ulimit -l, LimitMEMLOCK=)", true},
    {"core_dumps", core_dumps, "switch them off for this process (ulimit -c 0, LimitCORE=0)", true},
    {"swap", swap, "encrypt swap, or switch it off for this service (MemorySwapMax=0)", false},
    {"libcurl_unguarded", libcurl_unguarded, "make keyplate's first client before anything else uses libcurl", false},
    {"tls_unguarded", tls_unguarded, "switch core dumps off; the command keyplate has no such gap", false},
    {"language_strings", language_strings, "give places of keys (file:, env:) in place of keys by value", false},
};
enum { GAPS = sizeof gaps / sizeof gaps[0] };

const char *kp_hygiene(const kp_client *client, size_t i, const char **text, const char **advice) {
    look at = {client, "/proc/swaps"};
    for (size_t k = 0; k < GAPS; k++) {
        const char *found = gaps[k].look(&at);
        if (!found || i-- > 0)
            continue;
        if (text)
            *text = found;
        if (advice)
            *advice = gaps[k].advice;
        return gaps[k].name;
    }
    return NULL;
}

static void add_gaps(const char *swaps, bool strict, kp_buf *out) {
    look at = {NULL, swaps};
    for (size_t k = 0; k < GAPS; k++) {
        const char *found = gaps[k].strict || !strict ? gaps[k].look(&at) : NULL;
        if (found)
            kp_buf_fmt(out, "%s: %s\n", found, gaps[k].advice);
    }
}

void kp_hygiene_gaps(kp_buf *out) {
    add_gaps(NULL, true, out);
}

void kp_hygiene_with(const char *swaps, kp_buf *out) {
    add_gaps(swaps, false, out);
}

void kp_hygiene_all(kp_buf *out) {
    kp_hygiene_with("/proc/swaps", out);
}
