/* store_redis.c: a store in a Redis server: one script a verb, tried again once when a connection broke. */
#include "net/store_redis.h"

#include <pthread.h>
#include <string.h>

#include "base/text.h"
#include "keyplate_run.h"
#include "local/store_fork.h"
#include "net/store_redis_away.h"
#include "net/store_redis_greet.h"
#include "net/store_redis_password.h"
#include "net/store_redis_script.h"
#include "net/store_redis_verb.h"
#include "safe/arena.h"
#include "safe/known.h"

/* Beyond IDLE_MS, somebody on the way may have forgotten the connection. TRIES_MOST of a SETTLE: its record changes
   only when it is settled. */
enum { PATIENCE_MS = 5000, IDLE_MS = 30000, TRIES_MOST = 3, PREFIX_MOST = 64 };

typedef struct {
    kp_store store;
    const kp_client *client;
    kp_redis_address address;
    char *prefix;
    kp_buf script;
    char sha[KP_REDIS_SHA_SIZE];
    kp_line_stack idle;
    pthread_mutex_t lock; /* of what is below; no call takes place under it */
    kp_known *password;   /* the one used last, so that no text shows it */
    bool blind;           /* the server does not tell what it evicts */
    kp_away away;
} redis_store;

static void enter(redis_store *s) {
    kp_fork_enter();
    pthread_mutex_lock(&s->lock);
}

static void leave(redis_store *s) {
    pthread_mutex_unlock(&s->lock);
    kp_fork_leave();
}

/* ---- Connections ---- */

static bool is_open(const kp_line *line) {
    curl_socket_t fd = CURL_SOCKET_BAD;
    return curl_easy_getinfo(line->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD;
}

/* An idle line, or one that is yet to be connected; NULL when memory is short. */
static kp_line *take_line(redis_store *s) {
    for (;;) {
        kp_line *line = kp_line_take(&s->idle);
        if (!line || !is_open(line) || kp_local_mono_ms() - line->left_ms <= IDLE_MS)
            return line;
        kp_line_free(line);
    }
}

/* Before it is sent, the password is known to redaction. */
static bool know(redis_store *s, const kp_buf *password) {
    if (password->len == 0)
        return true;
    kp_known *known = kp_known_hold(password->data, password->len);
    enter(s);
    kp_known *before = s->password;
    if (known)
        s->password = known;
    leave(s);
    if (known)
        kp_known_release(before);
    return known != NULL;
}

static kp_link_end greet(redis_store *s, kp_link *link) {
    kp_eviction eviction = KP_EVICTS_NOTHING;
    kp_link_end end = KP_LINK_FAILED;
    kp_buf password;
    kp_buf_init(&password, &kp_safe);
    bool there = kp_redis_password(s->client, link->patience, &password, link->problem);
    if (there && (password.failed || !know(s, &password)))
        end = kp_link_no_memory(link);
    else if (there)
        end = kp_redis_greet(link, &s->address, &password, &eviction);
    kp_buf_free(&password);
    enter(s);
    s->blind = eviction == KP_EVICTS_UNKNOWN;
    leave(s);
    return end;
}

static kp_link_end open_link(redis_store *s, kp_link *link) {
    link->line = take_line(s);
    if (link->line && is_open(link->line))
        return KP_LINK_OK;
    kp_link_end end = kp_link_connect(link, &s->address, kp_client_option(s->client, "ca_file"));
    return end == KP_LINK_OK ? greet(s, link) : end;
}

/* ---- Calls ---- */

static kp_link_end say(kp_link *link, const kp_redis_verb *v, const char *how, const char *script, size_t len,
                       kp_resp *part) {
    kp_buf command;
    kp_buf_init(&command, NULL);
    kp_redis_verb_add(v, how, script, len, &command);
    kp_link_end end = kp_link_send(link, &command);
    kp_buf_free(&command);
    return end == KP_LINK_OK ? kp_link_read(link, part) : end;
}

/* A server that was restarted, or told SCRIPT FLUSH, does not know the script. */
static kp_link_end run_script(redis_store *s, kp_link *link, const kp_redis_verb *v, kp_resp *part) {
    *part = (kp_resp){.kind = KP_RESP_ERROR, .text = "NOSCRIPT", .len = strlen("NOSCRIPT")};
    kp_link_end end = s->sha[0] ? say(link, v, "EVALSHA", s->sha, strlen(s->sha), part) : KP_LINK_OK;
    if (end == KP_LINK_OK && part->kind == KP_RESP_ERROR && part->len >= 8 && memcmp(part->text, "NOSCRIPT", 8) == 0)
        end = say(link, v, "EVAL", s->script.data, s->script.len, part);
    if (end == KP_LINK_OK && part->kind == KP_RESP_ERROR)
        return kp_redis_refused(link, part);
    if (end == KP_LINK_OK && part->kind != KP_RESP_TEXT) {
        kp_buf_str(link->problem, "what answers there is no Redis server");
        return KP_LINK_FAILED;
    }
    return end;
}

static kp_link_end do_verb(redis_store *s, kp_link *link, const kp_arg *args, size_t count, kp_buf *reply) {
    static const char need[] = "need ";
    kp_redis_verb v = {.prefix = s->prefix, .args = args, .count = count};
    for (int i = 0; i < TRIES_MOST; i++) {
        kp_resp part;
        kp_link_end end = run_script(s, link, &v, &part);
        if (end != KP_LINK_OK)
            return end;
        kp_buf_clear(reply);
        kp_buf_add(reply, part.text, part.len);
        if (reply->failed || !kp_starts(kp_buf_text(reply), need))
            break;
        v.need = (kp_arg){reply->data + sizeof need - 1, reply->len - (sizeof need - 1)};
    }
    if (!reply->failed && !kp_starts(kp_buf_text(reply), need))
        return KP_LINK_OK;
    kp_buf_str(link->problem, reply->failed ? "memory is short" : "it asks for keys without end");
    return KP_LINK_FAILED;
}

/* *reached: the server took the greeting, whatever became of the verb. */
static kp_link_end attempt(redis_store *s, const kp_arg *args, size_t count, kp_link *link, kp_buf *reply,
                           bool *reached) {
    kp_link_end end = open_link(s, link);
    *reached = end == KP_LINK_OK;
    if (end == KP_LINK_OK)
        end = do_verb(s, link, args, count, reply);
    if (link->line)
        link->line->left_ms = kp_local_mono_ms();
    kp_link_done(link, &s->idle, end == KP_LINK_OK);
    return end;
}

/* Every verb can be asked twice: ADMIT and SETTLE go by their id, and of the others the last one wins. */
static kp_link_end ask_twice(redis_store *s, const kp_arg *args, size_t count, kp_link *link, kp_buf *reply,
                             bool *reached) {
    kp_link_end end = KP_LINK_BROKEN;
    kp_buf *why = link->problem;
    for (int i = 0; i < 2 && end == KP_LINK_BROKEN; i++) {
        kp_buf_clear(why);
        kp_link_init(link, link->patience, link->until_ms, why);
        end = attempt(s, args, count, link, reply, reached);
    }
    return end;
}

/* What a call that began at that time tells of the server to those that come after it. */
static void remember(redis_store *s, kp_link_end end, bool reached, const kp_link *link, uint64_t began_ms) {
    uint64_t now = kp_local_mono_ms(), took = now - began_ms;
    bool late = took >= KP_AWAY_LATE_MS;
    enter(s);
    if (end == KP_LINK_OK || (reached && !late))
        kp_away_reached(&s->away);
    else if (link->no_memory || link->problem->failed || (!late && kp_patience_over(link->patience)))
        kp_away_unknown(&s->away);
    else
        kp_away_failed(&s->away, now, took, kp_buf_text(link->problem));
    leave(s);
}

static int ask(redis_store *s, const kp_arg *args, size_t count, const kp_patience *patience, kp_buf *reply,
               kp_buf *problem) {
    uint64_t began = kp_local_mono_ms();
    kp_link_end end = KP_LINK_FAILED;
    bool reached = false;
    kp_buf why;
    kp_buf_init(&why, NULL);
    kp_link link;
    kp_link_init(&link, patience, began + PATIENCE_MS, &why);
    enter(s);
    bool may = kp_away_may_ask(&s->away, began, &why);
    leave(s);
    if (may) {
        end = ask_twice(s, args, count, &link, reply, &reached);
        remember(s, end, reached, &link, began);
    }
    if (end != KP_LINK_OK)
        kp_buf_fmt(problem, "the store %s cannot be used: %s", s->store.text,
                   why.failed ? "memory is short" : kp_buf_text(&why));
    kp_buf_free(&why);
    return end == KP_LINK_OK ? 0 : -1;
}

static int call(kp_store *store, const kp_arg *args, size_t count, const kp_patience *patience, kp_buf *reply,
                kp_buf *problem) {
    redis_store *s = (redis_store *)store;
    kp_redis_words words = kp_redis_verb_look(args, count, reply);
    if (words == KP_WORDS_BAD)
        return 0;
    kp_buf wrong;
    kp_buf_init(&wrong, NULL);
    kp_arg known[] = {{KP_REDIS_KNOWN, strlen(KP_REDIS_KNOWN)}, {NULL, 0}, {NULL, 0}};
    if (words == KP_WORDS_BAD_IF_NEW) {
        kp_buf_add(&wrong, reply->data, reply->len);
        known[1] = args[1];
        known[2] = (kp_arg){kp_buf_text(&wrong), wrong.len};
        args = known;
        count = sizeof known / sizeof known[0];
    }
    int result = -1;
    if (words == KP_WORDS_UNREAD || wrong.failed)
        kp_buf_str(problem, "memory is short");
    else
        result = ask(s, args, count, patience, reply, problem);
    kp_buf_free(&wrong);
    return result;
}

/* The lines of the parent are marked at the fork itself (line.c); nobody here tries for the others any more. */
static void forked(kp_store *store) {
    kp_away_unknown(&((redis_store *)store)->away);
}

static void remark(kp_store *store, kp_buf *out) {
    redis_store *s = (redis_store *)store;
    enter(s);
    bool blind = s->blind;
    leave(s);
    if (blind)
        kp_buf_str(out,
                   "the server does not tell this user its maxmemory-policy; if that is not noeviction, lockouts and"
                   " counts are forgotten when its memory is full");
}

static void close_store(kp_store *store) {
    redis_store *s = (redis_store *)store;
    kp_line_stack_free(&s->idle);
    kp_known_release(s->password);
    pthread_mutex_destroy(&s->lock);
    kp_redis_address_free(&s->address);
    kp_buf_free(&s->script);
    kp_free(s->prefix);
    kp_free(s->store.text);
    kp_free(s);
}

/* ---- Opening ---- */

/* All keys have one hash tag, so that a cluster keeps them in one place. */
static char *make_prefix(const char *name) {
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_buf_fmt(&b, "{%s}:", name);
    return kp_buf_take(&b);
}

static bool is_prefix(const char *name) {
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++)
        if (!kp_is_alpha(name[i]) && !kp_is_digit(name[i]) && !strchr("._:-", name[i]))
            return false;
    return len > 0 && len <= PREFIX_MOST;
}

static redis_store *new_store(const kp_client *client, const char *text) {
    redis_store *s = kp_zalloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->store = (kp_store){.call = call, .forked = forked, .close = close_store, .remark = remark};
    s->client = client;
    if (pthread_mutex_init(&s->lock, NULL) != 0) {
        kp_free(s);
        return NULL;
    }
    s->store.text = kp_strdup(text);
    s->prefix = make_prefix(kp_client_option(client, "redis.prefix"));
    kp_buf_init(&s->script, NULL);
    kp_redis_script_add(&s->script);
    if (s->store.text && s->prefix && !s->script.failed) {
        kp_redis_script_sha(&s->script, s->sha);
        return s;
    }
    close_store(&s->store);
    return NULL;
}

kp_store *kp_store_redis(const kp_client *client, const char *text, kp_buf *problem) {
    redis_store *s = NULL;
    kp_redis_address address;
    bool read = kp_redis_address_read(text, &address, problem);
    if (read && !is_prefix(kp_client_option(client, "redis.prefix")))
        kp_buf_str(problem, "the option redis.prefix is not 1 to 64 letters, digits and . _ : -");
    else if (read && !(s = new_store(client, text)))
        kp_buf_str(problem, "memory is short");
    if (s)
        s->address = address;
    else
        kp_redis_address_free(&address);
    return s ? &s->store : NULL;
}
