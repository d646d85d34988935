/* fork_threads.h: whether a program of several threads can fork and go on in the child. */
#ifndef KP_TESTS_FORK_THREADS_H
#define KP_TESTS_FORK_THREADS_H

/* The allocator of AddressSanitizer is not made for forks of several threads: a child finds its lock held. */
#if defined(__SANITIZE_ADDRESS__)
enum { CAN_FORK_THREADS = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { CAN_FORK_THREADS = 0 };
#else
enum { CAN_FORK_THREADS = 1 };
#endif
#else
enum { CAN_FORK_THREADS = 1 };
#endif

#endif
