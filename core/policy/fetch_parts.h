/* fetch_parts.h: what the machine of fetch.c and the sources share; for fetch*.c, aws_*.c and gcp_*.c only. */
#ifndef KP_POLICY_FETCH_PARTS_H
#define KP_POLICY_FETCH_PARTS_H

#include "policy/fetch.h"
#include "wire/json.h"

enum { KP_FETCH_VARS = 24, KP_FETCH_TEXTS = 6 };

/* The end of a call. */
typedef struct kp_fetch_answer {
    const char *away; /* not NULL: nothing came, and this is why */
    int status;
    uint64_t retry_after_ms;
    const char *body;
    size_t len;
    kp_json json; /* NONE: the body is no JSON */
} kp_fetch_answer;

/* A source: reads its variables one after the other, then begins. */
typedef struct kp_source {
    const char *const *variables;
    size_t variable_count;
    uint32_t credentials; /* bits: which variables are credentials themselves */
    void (*begin)(kp_fetch *);
    void (*on_file)(kp_fetch *, int how, int why, const char *text, size_t len);
    void (*on_answer)(kp_fetch *, const kp_fetch_answer *);
} kp_source;

extern const kp_source kp_source_vault;
extern const kp_source kp_source_aws;
extern const kp_source kp_source_gcp;

struct kp_fetch {
    const kp_keyref *ref;
    kp_sessions *sessions;
    const char *allow_http_hosts;
    kp_fetch_want want;
    uint64_t mono_ms;
    int64_t unix_ms;
    uint64_t random;

    const kp_source *source;
    kp_fetch_now step;
    int stage;     /* which read or call is under way: the source's own numbers */
    size_t var_at; /* the variable that is read; past the last: all are */
    bool local, open;
    kp_buf read; /* safe memory, as all that follow but the note: a variable can hold a secret by mistake */
    kp_buf var[KP_FETCH_VARS];
    kp_buf text[KP_FETCH_TEXTS]; /* the source's own */
    kp_request request;
    kp_session *session; /* the one that is in use */
    bool fresh;          /* it was made in this fetch */
    bool outage;         /* it could not be renewed: an error that it leads to is the outage's */
    int64_t number;      /* the source's own */

    kp_fetched result;
    int error;
    uint64_t retry_after_ms;
    kp_buf value, version, note;
};

/* What a variable holds, trimmed; "" if it is not set. */
const char *kp_fetch_var(const kp_fetch *, size_t i);
/* Whether the text is printable ASCII, blanks included, and not too long for a header. */
bool kp_fetch_is_plain(const kp_buf *);
/* Copies text without blanks at its ends into a buffer of the fetch, and makes it known to redaction. */
void kp_fetch_secret(kp_fetch *, kp_buf *to, const char *text, size_t len);
/* The same of a member of a JSON object. false: it is not there, empty, not plain, or no string. */
bool kp_fetch_member(kp_fetch *, kp_buf *to, kp_json object, const char *name);

/* The next step. */
void kp_fetch_file(kp_fetch *, int stage, const char *path);
/* Begins a request; the source adds url, headers, body, and sends it. base loses its slashes at the end. */
void kp_fetch_call(kp_fetch *, int stage, const char *method, const char *base, const char *path);
void kp_fetch_header(kp_fetch *, const char *name, const char *value);
void kp_fetch_type(kp_fetch *, const char *content_type); /* there is a body */
/* shown: what people see in place of the URL, NULL for the URL itself. */
void kp_fetch_send(kp_fetch *, const char *shown);

/* fetch_session.c: what is kept between fetches, under the name that one of the fetch's texts is; its parts are texts
   that lie together. */

/* Looks for it; there is none if f->session is NULL then. false: memory is short. */
bool kp_fetch_find_session(kp_fetch *, size_t name, size_t first, size_t count);
/* Facts of one that ends in left_ms, and is got anew five minutes ahead of that. */
kp_session kp_fetch_temporary(const kp_fetch *, uint64_t left_ms);
/* Keeps what was got in this fetch. false: memory is short, and the fetch is over. */
bool kp_fetch_keep_session(kp_fetch *, size_t name, size_t first, size_t count, kp_session facts);
/* A new one cannot be had: the last one serves on, and it is asked again in a minute. false: there is none. */
bool kp_fetch_use_on(kp_fetch *);
/* It was refused. false: there is none, or it was got in this fetch, so another one would be refused too. */
bool kp_fetch_drop_session(kp_fetch *);

/* The end without a note. */
void kp_fetch_settle(kp_fetch *, kp_fetched, int error);
/* The end. The note is the place, ": " and the reason. */
void kp_fetch_fail(kp_fetch *, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
void kp_fetch_absent(kp_fetch *, const char *reason);
/* Ends with what is the same for all stores: no answer, a redirect, no HTTP, 429, 5xx. false: it is none of these. who:
   "Vault", "the token service". */
bool kp_fetch_common(kp_fetch *, const kp_fetch_answer *, const char *who);
/* Ends with what was found: a secret as a whole, or a member of the JSON that it is. The version is set before. */
void kp_fetch_found(kp_fetch *, const char *text, size_t len);
void kp_fetch_found_field(kp_fetch *, kp_json object, const char *field);
/* A file could not be used: why. */
const char *kp_fetch_file_reason(int how, int why);
/* NULL if a key or token may be sent to this base URL, else the reason. */
const char *kp_fetch_base_problem(const kp_fetch *, const char *url);
/* The same, and http to the metadata services of clouds is allowed. */
const char *kp_fetch_metadata_problem(const kp_fetch *, const char *url, bool with_path);

#endif
