/* probe.h: looks at this process from outside: its mappings, and how a child of it ends. */
#ifndef PROBE_H
#define PROBE_H

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROBE_NOBODY = 65534, PROBE_SECONDS = 60, PROBE_CANNOT = 77, PROBE_LOCK = 2000000 };

/* One mapping of /proc/self/smaps. */
typedef struct probe_mapping {
    uintptr_t start, end;
    char flags[256]; /* such as " rd wr mr mw me lo dd " */
} probe_mapping;

/* The next mapping of an open smaps; false at its end. */
static inline bool probe_next(FILE *smaps, probe_mapping *m) {
    char line[4096 + 256]; /* a path is in it */
    while (fgets(line, sizeof line, smaps)) {
        uintptr_t start;
        uintptr_t end;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2) {
            m->start = start;
            m->end = end;
        } else if (strncmp(line, "VmFlags:", 8) == 0) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(m->flags, sizeof m->flags, "%.*s ", (int)sizeof m->flags - 2, line + 8);
            return true;
        }
    }
    return false;
}

static inline bool probe_has_flag(const probe_mapping *m, const char *flag) {
    char word[8];
    snprintf(word, sizeof word, " %s ", flag);
    return strstr(m->flags, word) != NULL;
}

/* Whether the mapping of this address has the flag: "rd" readable, "dd" not dumped, "lo" locked. */
static inline bool probe_vm_flag(const void *address, const char *flag) {
    FILE *smaps = fopen("/proc/self/smaps", "r");
    probe_mapping m;
    bool found = false;
    while (smaps && probe_next(smaps, &m))
        if ((uintptr_t)address >= m.start && (uintptr_t)address < m.end)
            found = probe_has_flag(&m, flag);
    if (smaps)
        fclose(smaps);
    return found;
}

/* The bytes of all mappings with the flag in the same part of the address space: the sanitizers have some far away. */
static inline size_t probe_bytes_near(const void *address, const char *flag) {
    FILE *smaps = fopen("/proc/self/smaps", "r");
    probe_mapping m;
    size_t bytes = 0;
    while (smaps && probe_next(smaps, &m))
        if (m.start >> 40 == (uintptr_t)address >> 40 && probe_has_flag(&m, flag))
            bytes += m.end - m.start;
    if (smaps)
        fclose(smaps);
    return bytes;
}

/* Runs it in a child and returns its result (0 to 127), or 128 and the signal that ended the child, or -1. The child
   tells its result and kills itself, because checkers of leaks have nothing to say about a child of several threads. */
static inline int probe_in_child(int (*run)(void *), void *with) {
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGALRM};
        for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
            signal(signals[i], SIG_DFL);
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        alarm(PROBE_SECONDS); /* a child that hangs is killed, and the test fails */
        unsigned char result = (unsigned char)run(with);
        kill(getpid(), write(ends[1], &result, 1) == 1 ? SIGKILL : SIGABRT);
    }
    close(ends[1]);
    unsigned char result = 0;
    bool told = read(ends[0], &result, 1) == 1;
    close(ends[0]);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
        return -1;
    return told ? result : 128 + WTERMSIG(status);
}

static inline int probe_read_byte(void *address) {
    return *(const volatile char *)address & 1;
}

static inline int probe_write_byte(void *address) {
    *(volatile char *)address = 'x';
    return 1;
}

static inline bool probe_read_faults(const void *address) {
    return probe_in_child(probe_read_byte, (void *)(uintptr_t)address) == 128 + SIGSEGV;
}

static inline bool probe_write_faults(const void *address) {
    return probe_in_child(probe_write_byte, (void *)(uintptr_t)address) == 128 + SIGSEGV;
}

/* Whether the system lets this process lock memory; under the sanitizers mlock only says so. */
static inline bool probe_can_lock(void) {
    void *pages = mmap(NULL, PROBE_LOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool can = pages != MAP_FAILED && mlock(pages, PROBE_LOCK) == 0 && probe_vm_flag(pages, "lo");
    if (pages != MAP_FAILED)
        munmap(pages, PROBE_LOCK);
    return can;
}

/* In a child only: takes away the right to lock memory. false: locks did not work before, or still do. */
static inline bool probe_forbid_locks(void) {
    if (!probe_can_lock())
        return false;
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return false;
    limit.rlim_cur = 0;
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 ||
        (geteuid() == 0 && setresuid(PROBE_NOBODY, PROBE_NOBODY, PROBE_NOBODY)))
        return false;
    return !probe_can_lock();
}

/* Takes probe_forbid_locks back. */
static inline bool probe_allow_locks(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return false;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

#endif
