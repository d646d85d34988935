/* known.h: the process-wide set of secrets that must not be shown, and the masking of text by it.
 *
 * A secret has holders: those that use it now. Without one it is retired and stays known, for texts speak of
 * yesterday's key too; but of the retired ones only the KP_RETIRED_MOST that were retired last are kept, so that a
 * process that sees ever new keys does not grow. Safe from any thread; a child after fork knows what its parent knew.
 */
#ifndef KP_SAFE_KNOWN_H
#define KP_SAFE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "safe/known_window.h"

#define KP_MASK_TEXT "[REDACTED]"

/* Shorter secrets are also words of ordinary text: they are masked in context only. */
enum { KP_LEAST_ANYWHERE = 12 };
enum { KP_RETIRED_MOST = 4096 };

typedef struct kp_known kp_known;

/* Makes a secret known (copied into safe memory) and holds it until kp_known_release. NULL when memory is short, or the
   secret is NULL or empty. */
kp_known *kp_known_hold(const char *secret, size_t len);
/* The holder does not use it any more. NULL does nothing. */
void kp_known_release(kp_known *);
/* Makes a secret known that nobody holds: retired from the start. false when memory is short. An empty one is known. */
bool kp_known_add(const char *secret, size_t len);
/* How many are known, for tests. */
size_t kp_known_count(void);

/* Adds text to out with every known secret replaced by [REDACTED]: in any of its forms (known_forms.h), however its
   characters are spelt (known_spell.h). Longest match first. Secrets shorter than KP_LEAST_ANYWHERE are masked only
   after "key=", "key:" and the like. */
void kp_known_mask(kp_buf *out, const char *text, size_t len);
/* The same for answers of a service: only the exact secret is replaced; nothing else is touched. */
void kp_known_mask_exact(kp_buf *out, const char *text, size_t len);

/* For those that look at texts place by place: between begin and end the set stays as it is; as short as may be, for
   whoever makes a secret known waits. */
void kp_known_begin(void);
void kp_known_end(void);
/* For each byte whether a match can begin with it. Between begin and end. */
const bool *kp_known_first(void);
/* The length of the longest match of any secret of KP_LEAST_ANYWHERE characters or more at this place, 0 if there is
   none. A text that ends within a match, after KP_FRAGMENT characters of a form, matches up to its end. */
size_t kp_known_match(kp_window *, size_t at);

#endif
