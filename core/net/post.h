/* post.h: posts a JSON text to a URL that is a secret, once: for hooks that take alerts. */
#ifndef KP_NET_POST_H
#define KP_NET_POST_H

#include "base/buf.h"
#include "engine/client.h"

/* https, verified, or http to this machine; no redirect is followed, no byte of the answer is kept, and whatever the
   client's options say of proxy, source address and CA file holds here too. It ends after ms at the latest. true if the
   answer was a 2xx; else false with a sentence in *problem that has nothing of the URL. */
bool kp_post(const kp_client *, const char *url, const char *json, size_t len, uint32_t ms, kp_buf *problem);

#endif
