/* scrub.c: overwrites the stack below the caller and clears the vector registers, through which the copies of the C
 * library go. */
#include "safe/scrub.h"

#include <sodium.h>
#include <stddef.h>

enum { STEP = 1024 };
_Static_assert(KP_SCRUB_STACK % STEP == 0, "whole steps");

/* All of these registers are the caller's to save (System V ABI), so nothing is lost. A C library that found AVX-512
   copies with registers that vzeroall does not reach. */
#if defined(__x86_64__)
static void clear_registers(void) {
    if (sodium_runtime_has_avx())
        __asm__ volatile("vzeroall" ::
                             : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                               "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    else
        __asm__ volatile("pxor %%xmm0, %%xmm0\n\tpxor %%xmm1, %%xmm1\n\tpxor %%xmm2, %%xmm2\n\tpxor %%xmm3, %%xmm3\n\t"
                         "pxor %%xmm4, %%xmm4\n\tpxor %%xmm5, %%xmm5\n\tpxor %%xmm6, %%xmm6\n\tpxor %%xmm7, %%xmm7\n\t"
                         "pxor %%xmm8, %%xmm8\n\tpxor %%xmm9, %%xmm9\n\tpxor %%xmm10, %%xmm10\n\t"
                         "pxor %%xmm11, %%xmm11\n\tpxor %%xmm12, %%xmm12\n\tpxor %%xmm13, %%xmm13\n\t"
                         "pxor %%xmm14, %%xmm14\n\tpxor %%xmm15, %%xmm15" ::
                             : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                               "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#define CLEAR(n) "vpxorq %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"
    if (sodium_runtime_has_avx512f())
        __asm__ volatile(CLEAR(16) CLEAR(17) CLEAR(18) CLEAR(19) CLEAR(20) CLEAR(21) CLEAR(22) CLEAR(23) CLEAR(24)
                             CLEAR(25) CLEAR(26) CLEAR(27) CLEAR(28) CLEAR(29) CLEAR(30) CLEAR(31)::);
#undef CLEAR
}
#elif defined(__aarch64__)
/* The lower halves of v8 to v15 are the callee's to save: the compiler does that. */
#define CLEAR(n) "movi v" #n ".16b, #0\n\t"
static void clear_registers(void) {
    __asm__ volatile(CLEAR(0) CLEAR(1) CLEAR(2) CLEAR(3) CLEAR(4) CLEAR(5) CLEAR(6) CLEAR(7) CLEAR(8) CLEAR(9) CLEAR(10)
                         CLEAR(11) CLEAR(12) CLEAR(13) CLEAR(14) CLEAR(15) CLEAR(16) CLEAR(17) CLEAR(18) CLEAR(19)
                             CLEAR(20) CLEAR(21) CLEAR(22) CLEAR(23) CLEAR(24) CLEAR(25) CLEAR(26) CLEAR(27) CLEAR(28)
                                 CLEAR(29) CLEAR(30) CLEAR(31)::
                                     : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12",
                                       "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
                                       "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}
#undef CLEAR
#else
static void clear_registers(void) {
} /* other processors: the stack alone */
#endif

/* Not inlined: its frame has to lie where those of functions that are over lay. The registers come last, because
   memset has filled one. */
__attribute__((noinline)) void kp_scrub(void) {
    unsigned char dead[KP_SCRUB_STACK];
    for (size_t at = 0; at < sizeof dead; at += STEP) /* short ones go by vectors, not byte by byte in microcode */
        sodium_memzero(dead + at, STEP);
    clear_registers();
}
