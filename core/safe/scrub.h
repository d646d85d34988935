/* scrub.h: takes out of a thread what functions that are over left in it: their dead stack and the vector registers. */
#ifndef KP_SAFE_SCRUB_H
#define KP_SAFE_SCRUB_H

/* How much of the stack below the caller is overwritten: the depth of libcurl and libcrypto, measured, twice over. */
enum { KP_SCRUB_STACK = 16384 };

/* To be called before a thread that has handled a key sleeps, or goes back to its host: a core file of that moment has
   the stack and the registers. It costs about as much as memset of the bytes above. */
void kp_scrub(void);

#endif
