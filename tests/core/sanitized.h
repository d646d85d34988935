/* sanitized.h: whether this is a build with a sanitizer: those pretend to lock memory, and keep what was freed. */
#ifndef KP_TESTS_SANITIZED_H
#define KP_TESTS_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
#else
enum { SANITIZED = 0 };
#endif

/* Whether this is to run under valgrind, some fifty times slower. */
#ifndef KP_VALGRIND
#define KP_VALGRIND 0
#endif

#endif
