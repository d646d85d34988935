/* fetch.c: the machine that all stores over HTTP share: variables first, then what the source asks for, then the end.
 */
#include "policy/fetch.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "keyplate.h"
#include "policy/fetch_parts.h"
#include "safe/arena.h"

static void wipe(kp_buf *b) {
    kp_wipe(b->data, b->room);
    kp_buf_clear(b);
}

kp_fetch *kp_fetch_new(void) {
    kp_fetch *f = kp_zalloc(1, sizeof *f);
    if (!f)
        return NULL;
    kp_buf_init(&f->read, &kp_safe);
    for (size_t i = 0; i < KP_FETCH_VARS; i++)
        kp_buf_init(&f->var[i], &kp_safe);
    for (size_t i = 0; i < KP_FETCH_TEXTS; i++)
        kp_buf_init(&f->text[i], &kp_safe);
    kp_request_init(&f->request);
    kp_buf_init(&f->value, &kp_safe);
    kp_buf_init(&f->version, &kp_safe);
    kp_buf_init(&f->note, NULL);
    return f;
}

void kp_fetch_free(kp_fetch *f) {
    if (!f)
        return;
    kp_buf_free(&f->read);
    for (size_t i = 0; i < KP_FETCH_VARS; i++)
        kp_buf_free(&f->var[i]);
    for (size_t i = 0; i < KP_FETCH_TEXTS; i++)
        kp_buf_free(&f->text[i]);
    kp_request_free(&f->request);
    kp_buf_free(&f->value);
    kp_buf_free(&f->version);
    kp_buf_free(&f->note);
    kp_free(f);
}

/* What a fetch needed on its way is gone once it is over. */
static void clear(kp_fetch *f) {
    wipe(&f->read);
    for (size_t i = 0; i < KP_FETCH_VARS; i++)
        wipe(&f->var[i]);
    for (size_t i = 0; i < KP_FETCH_TEXTS; i++)
        wipe(&f->text[i]);
    kp_request_clear(&f->request);
    f->session = NULL;
    f->local = false;
}

void kp_fetch_settle(kp_fetch *f, kp_fetched result, int error) {
    f->step = KP_FETCH_END;
    f->result = result;
    f->error = error;
    if (result != KP_FETCH_GOT) {
        wipe(&f->value);
        wipe(&f->version); /* a server's word, and nothing has masked it */
    }
}

/* A fetch that lost a text to short memory cannot go on. */
static bool lost_text(const kp_fetch *f) {
    bool lost = f->read.failed || f->value.failed || f->version.failed || f->note.failed;
    for (size_t i = 0; i < KP_FETCH_VARS; i++)
        lost = lost || f->var[i].failed;
    for (size_t i = 0; i < KP_FETCH_TEXTS; i++)
        lost = lost || f->text[i].failed;
    const kp_request *r = &f->request;
    lost = lost || r->url.failed || r->body.failed || r->shown_url.failed;
    for (size_t i = 0; i < r->header_count; i++)
        lost = lost || r->header_value[i].failed;
    return lost;
}

/* After every event. */
static void check(kp_fetch *f) {
    if (lost_text(f)) {
        kp_fetch_settle(f, KP_FETCH_FAILED, KP_E_MEMORY);
        kp_buf_clear(&f->note);
    }
    if (f->step == KP_FETCH_END)
        clear(f);
}

static void ask_variable(kp_fetch *f) {
    if (f->var_at == f->source->variable_count) {
        f->source->begin(f);
        return;
    }
    f->step = KP_FETCH_READ;
    kp_buf_clear(&f->read);
    kp_buf_str(&f->read, "env:");
    kp_buf_str(&f->read, f->source->variables[f->var_at]);
}

const char *kp_fetch_credential(size_t i) {
    static const kp_source *const all[] = {&kp_source_vault, &kp_source_aws, &kp_source_gcp};
    for (size_t s = 0; s < sizeof all / sizeof all[0]; s++)
        for (size_t v = 0; v < all[s]->variable_count; v++)
            if ((all[s]->credentials >> v & 1) && i-- == 0)
                return all[s]->variables[v];
    return NULL;
}

static const kp_source *source_of(const kp_keyref *ref) {
    switch (ref ? ref->kind : KP_REF_ENV) {
    case KP_REF_VAULT: return &kp_source_vault;
    case KP_REF_AWS: return &kp_source_aws;
    case KP_REF_GCP: return &kp_source_gcp;
    default: return NULL;
    }
}

void kp_fetch_start(kp_fetch *f, const kp_keyref *ref, kp_sessions *sessions, kp_fetch_want want,
                    const char *allow_http_hosts, uint64_t mono_ms, int64_t unix_ms, uint64_t random) {
    if (!f)
        return;
    clear(f);
    wipe(&f->value);
    wipe(&f->version);
    kp_buf_clear(&f->note);
    f->ref = ref;
    f->sessions = sessions;
    f->want = want;
    f->allow_http_hosts = allow_http_hosts;
    f->mono_ms = mono_ms;
    f->unix_ms = unix_ms;
    f->random = random;
    f->source = source_of(ref);
    f->stage = 0;
    f->var_at = 0;
    f->open = f->fresh = f->outage = false;
    f->number = 0;
    f->retry_after_ms = 0;
    if (f->source && sessions)
        ask_variable(f);
    else
        kp_fetch_settle(f, KP_FETCH_FAILED, KP_E_MISUSE);
    check(f);
}

kp_fetch_now kp_fetch_step(const kp_fetch *f) {
    return f ? f->step : KP_FETCH_END;
}

const char *kp_fetch_read(const kp_fetch *f) {
    return kp_fetch_step(f) == KP_FETCH_READ ? kp_buf_text(&f->read) : NULL;
}

const kp_request *kp_fetch_request(const kp_fetch *f) {
    return kp_fetch_step(f) == KP_FETCH_HTTP ? &f->request : NULL;
}

bool kp_fetch_is_local(const kp_fetch *f) {
    return kp_fetch_step(f) == KP_FETCH_HTTP && f->local;
}

static void on_variable(kp_fetch *f, int how, const char *text, size_t len) {
    const char *name = f->source->variables[f->var_at];
    if (how != KP_FOUND && how != KP_FOUND_OPEN && how != KP_ABSENT) {
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "the variable %s cannot be read", name);
        return;
    }
    if (how != KP_ABSENT && text) {
        kp_trim(&text, &len);
        kp_buf_add(&f->var[f->var_at], text, len);
    }
    if (memchr(kp_buf_text(&f->var[f->var_at]), '\0', f->var[f->var_at].len)) {
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "the variable %s has a NUL byte in it", name);
        return;
    }
    f->var_at++;
    ask_variable(f);
}

void kp_fetch_on_read(kp_fetch *f, int how, int why, const char *room, size_t len) {
    if (kp_fetch_step(f) != KP_FETCH_READ)
        return;
    if (f->var_at < f->source->variable_count)
        on_variable(f, how, room, len);
    else {
        if (!room && (how == KP_FOUND || how == KP_FOUND_OPEN)) {
            how = KP_FAILED;
            why = KP_WHY_IO;
        }
        f->open = f->open || how == KP_FOUND_OPEN;
        f->source->on_file(f, how == KP_FOUND_OPEN ? KP_FOUND : how, why, room, len);
    }
    check(f);
}

static const char *away_reason(int net) {
    switch (net) {
    case KP_NET_OK: return NULL;
    case KP_NET_RESOLVE: return "its host name cannot be resolved";
    case KP_NET_CONNECT: return "there is no connection";
    case KP_NET_TLS: return "it could not prove over TLS who it is";
    case KP_NET_PROXY: return "the configured proxy does not let the call through";
    case KP_NET_LATE: return "it did not answer in time";
    case KP_NET_RESET: return "the connection broke";
    default: return "no connection could be made to it";
    }
}

void kp_fetch_on_end(kp_fetch *f, int net, int sent, int status, uint64_t retry_after_ms, const char *body, size_t len,
                     uint64_t mono_ms, int64_t unix_ms) {
    (void)sent;
    if (kp_fetch_step(f) != KP_FETCH_HTTP)
        return;
    f->mono_ms = mono_ms;
    f->unix_ms = unix_ms;
    f->local = false;
    if (net == KP_NET_STOPPED)
        kp_fetch_fail(f, KP_E_CANCELLED, "the operation was cancelled");
    else {
        kp_fetch_answer a = {.away = away_reason(net),
                             .status = status,
                             .retry_after_ms = retry_after_ms,
                             .body = body ? body : "",
                             .len = body ? len : 0};
        if (!a.away)
            a.json = kp_json_parse(a.body, a.len, NULL);
        f->source->on_answer(f, &a);
    }
    check(f);
}

kp_fetched kp_fetch_result(const kp_fetch *f) {
    return f ? f->result : KP_FETCH_FAILED;
}

int kp_fetch_error(const kp_fetch *f) {
    return !f ? KP_E_MISUSE : f->step == KP_FETCH_END ? f->error : 0;
}

bool kp_fetch_may_pass(const kp_fetch *f) {
    int error = kp_fetch_error(f);
    return error == KP_E_SOURCE_AWAY || error == KP_E_SOURCE_THROTTLED;
}

uint64_t kp_fetch_retry_after_ms(const kp_fetch *f) {
    return kp_fetch_may_pass(f) ? f->retry_after_ms : 0;
}

const char *kp_fetch_value(const kp_fetch *f, size_t *len) {
    bool got = f && f->step == KP_FETCH_END && f->result == KP_FETCH_GOT && f->value.len > 0;
    if (len)
        *len = got ? f->value.len : 0;
    return got ? f->value.data : NULL;
}

const char *kp_fetch_version(const kp_fetch *f) {
    return f ? kp_buf_text(&f->version) : "";
}

const char *kp_fetch_note(const kp_fetch *f) {
    return f ? kp_buf_text(&f->note) : "";
}

bool kp_fetch_open(const kp_fetch *f) {
    return f && f->open;
}
