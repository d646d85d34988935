/* redactor.c: the redactor as programs know it: the rules of wire/redact.h, with a client's options. */
#include <string.h>

#include "base/text.h"
#include "engine/client.h"
#include "wire/redact.h"

struct kp_redactor {
    kp_redact *redact;
};

static kp_bare_hex bare_hex_of(const kp_client *client) {
    const char *word = client ? kp_config_value(client->config, KP_OPT_REDACT_BARE_HEX) : "always";
    if (kp_same(word, "context"))
        return KP_BARE_CONTEXT;
    return kp_same(word, "off") ? KP_BARE_OFF : KP_BARE_ALWAYS;
}

kp_redactor *kp_redactor_new(const kp_client *client) {
    kp_redactor *r = kp_zalloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->redact = kp_redact_new(bare_hex_of(client));
    if (r->redact)
        return r;
    kp_free(r);
    return NULL;
}

void kp_redactor_free(kp_redactor *r) {
    if (!r)
        return;
    kp_redact_free(r->redact);
    kp_free(r);
}

int kp_redactor_feed(kp_redactor *r, const char *text, size_t len, int final, const char **out, size_t *out_len) {
    return kp_redact_feed(r ? r->redact : NULL, text, len, final, out, out_len);
}

size_t kp_redact_line(const char *text, size_t len, char *out, size_t size) {
    kp_buf redacted;
    kp_buf_init(&redacted, NULL);
    kp_redact_text(&redacted, KP_BARE_ALWAYS, text, len);
    size_t whole = redacted.failed ? 0 : redacted.len;
    if (out && size > 0) {
        size_t n = whole < size - 1 ? whole : size - 1;
        if (n)
            memcpy(out, redacted.data, n);
        out[n] = '\0';
    }
    kp_buf_free(&redacted);
    return whole;
}
