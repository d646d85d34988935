/* heap.h: keeps what libcurl and OpenSSL have in memory out of core dumps, and has it wiped when they give it back. */
#ifndef KP_NET_HEAP_H
#define KP_NET_HEAP_H

#include <stdbool.h>

/* Starts libcurl with its memory in the arena that is not dumped. Somebody who started libcurl before has chosen its
   memory for the whole process; then that stays. The local floor is told which it is, of libcurl and of OpenSSL. false:
   libcurl cannot start. Once for the process. */
bool kp_heap_start_curl(void);
/* Puts OpenSSL's memory into that arena, for the whole process: for programs of our own, before anything else uses
   OpenSSL. false: too late. */
bool kp_heap_guard_openssl(void);

#endif
