/* store_redis_greet.c: AUTH, SELECT and the question for maxmemory-policy, in one round trip. */
#include "net/store_redis_greet.h"

#include <string.h>

#include "base/text.h"
#include "safe/arena.h"
#include "safe/known.h"

enum { SHOWN_MOST = 160, PARTS_MOST = 16 };

static const char policy_wanted[] = "noeviction";

/* ---- Errors ---- */

#define RIGHTS                                                                                                         \
    "its user may not do what keyplate needs: +@connection +select +eval +evalsha +time +mget +set +del, +config|get " \
    "or"                                                                                                               \
    " +info, and the keys of the option redis.prefix"

static const struct {
    const char *code, *sentence;
} advices[] = {
    {"NOAUTH", "it wants a password; name its place in the option redis.password, such as env:NAME or file:PATH"},
    {"WRONGPASS", "it refuses the user or the password of the option redis.password"},
    {"ERR AUTH", "it has no password, and the option redis.password names one"},
    {"ERR Client sent AUTH", "it has no password, and the option redis.password names one"},
    {"NOPERM", RIGHTS},
    {"The user executing the script", RIGHTS},
    {"MOVED", "it is one of a cluster that keeps these keys at another one; name that one, or one that is no cluster"},
    {"CLUSTERDOWN", "its cluster is down"},
    {"CROSSSLOT", "it is one of a cluster, and the option redis.prefix does not keep its keys together"},
    {"READONLY", "it is a copy that nobody may write to; name the one that it copies"},
    {"MASTERDOWN", "it is a copy that has lost the one that it copies; name that one"},
    {"NOREPLICAS", "it has too few copies to take changes (min-replicas-to-write)"},
    {"LOADING", "it is loading its data; wait until it has"},
    {"BUSY", "it is busy with a script; wait, or end that with SCRIPT KILL"},
    {"OOM", "its memory is full; raise its maxmemory, or remove what is not needed there"},
    {"MISCONF", "it cannot save its data, and takes no changes; its log says why"},
    {"DENIED", "it is in protected mode; give it a password, and name its place in the option redis.password"},
    {"ERR DB index", "it has no database of that number; the option store ends with one that it has"},
    {"ERR invalid DB index", "it has no database of that number; the option store ends with one that it has"},
    {"ERR SELECT is not allowed",
     "it is one of a cluster, which has no databases but 0; take the number from the option"
     " store"},
    {"ERR max number of clients", "it takes no more clients; raise its maxclients"},
    {"a key holds what keyplate did not write",
     "a key holds what keyplate did not write; give keyplate an option redis.prefix of its own, or remove that key"},
};

/* Redis tells the code first, or within the script's own error: "ERR Error running script ...: -OOM ...". */
static bool has_code(const char *shown, const char *code) {
    const char *at = strstr(shown, code);
    return at && (at == shown || at[-1] == '-' || strchr(code, ' '));
}

/* NULL: it is none that is known. */
static const char *advice_on(const char *shown) {
    for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
        if (has_code(shown, advices[i].code))
            return advices[i].sentence;
    return NULL;
}

kp_link_end kp_redis_refused(kp_link *link, const kp_resp *error) {
    kp_buf shown;
    kp_buf_init(&shown, &kp_safe);
    kp_add_shown(&shown, error->text, error->len, SHOWN_MOST);
    const char *advice = advice_on(kp_buf_text(&shown));
    if (shown.failed) {
        kp_buf_free(&shown);
        return kp_link_no_memory(link);
    }
    if (advice)
        kp_buf_str(link->problem, advice);
    else {
        kp_buf_str(link->problem, "it says: ");
        kp_known_mask(link->problem, kp_buf_text(&shown), shown.len);
    }
    /* The name of a server may lead to another machine by now. */
    bool other = has_code(kp_buf_text(&shown), "READONLY");
    kp_buf_free(&shown);
    return other ? KP_LINK_BROKEN : KP_LINK_FAILED;
}

/* ---- Commands ---- */

static void add_command(kp_buf *out, const char *const *words, size_t count) {
    kp_resp_head(out, count);
    for (size_t i = 0; i < count; i++)
        kp_resp_word(out, words[i], strlen(words[i]));
}

static kp_link_end read_ok(kp_link *link) {
    kp_resp part;
    kp_link_end end = kp_link_read(link, &part);
    return end == KP_LINK_OK && part.kind == KP_RESP_ERROR ? kp_redis_refused(link, &part) : end;
}

/* ---- The policy ---- */

static kp_link_end judge(kp_link *link, const char *policy, size_t len, kp_eviction *eviction) {
    *eviction = kp_same_n(policy, len, policy_wanted) ? KP_EVICTS_NOTHING : KP_EVICTS_KEYS;
    if (*eviction == KP_EVICTS_NOTHING)
        return KP_LINK_OK;
    kp_buf_str(link->problem, "its maxmemory-policy is ");
    kp_add_shown(link->problem, policy, len, SHOWN_MOST);
    kp_buf_str(link->problem,
               ", with which it forgets lockouts and counts when its memory is full; set it to noeviction");
    return KP_LINK_FAILED;
}

static kp_link_end ask_info(kp_link *link, kp_eviction *eviction) {
    static const char *const words[] = {"INFO", "memory"};
    static const char field[] = "maxmemory_policy:";
    kp_resp part = {.kind = KP_RESP_NOTHING};
    kp_buf command;
    kp_buf_init(&command, NULL);
    add_command(&command, words, 2);
    kp_link_end end = kp_link_send(link, &command);
    kp_buf_free(&command);
    if (end == KP_LINK_OK)
        end = kp_link_read(link, &part);
    if (end != KP_LINK_OK || part.kind != KP_RESP_TEXT)
        return end;
    const char *at = memmem(part.text, part.len, field, sizeof field - 1);
    if (!at)
        return KP_LINK_OK;
    at += sizeof field - 1;
    const char *line_end = memchr(at, '\r', (size_t)(part.text + part.len - at));
    return line_end ? judge(link, at, (size_t)(line_end - at), eviction) : KP_LINK_OK;
}

/* Errors that say no more than that this user, or nobody, may ask for the policy. */
static bool is_closed(const kp_resp *error) {
    static const char *const codes[] = {"NOPERM", "ERR unknown", "ERR Unknown"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        size_t len = strlen(codes[i]);
        if (error->len >= len && memcmp(error->text, codes[i], len) == 0)
            return true;
    }
    kp_buf shown;
    kp_buf_init(&shown, &kp_safe);
    kp_add_shown(&shown, error->text, error->len, SHOWN_MOST);
    bool known = advice_on(kp_buf_text(&shown)) != NULL;
    kp_buf_free(&shown);
    return !known;
}

/* CONFIG GET gives name and value; nothing or an error where the server does not tell this user. */
static kp_link_end read_policy(kp_link *link, kp_eviction *eviction) {
    kp_resp part;
    kp_link_end end = kp_link_read(link, &part);
    *eviction = KP_EVICTS_UNKNOWN;
    if (end != KP_LINK_OK)
        return end;
    if (part.kind == KP_RESP_ERROR && !is_closed(&part))
        return kp_redis_refused(link, &part);
    int64_t parts = part.kind == KP_RESP_LIST ? part.number : 0;
    if (parts > PARTS_MOST) {
        kp_buf_str(link->problem, "what answers there is no Redis server");
        return KP_LINK_FAILED;
    }
    for (int64_t i = 0; i < parts && end == KP_LINK_OK; i++)
        end = kp_link_read(link, &part);
    if (end != KP_LINK_OK)
        return end;
    return parts == 2 && part.kind == KP_RESP_TEXT ? judge(link, part.text, part.len, eviction)
                                                   : ask_info(link, eviction);
}

kp_link_end kp_redis_greet(kp_link *link, const kp_redis_address *address, const kp_buf *password,
                           kp_eviction *eviction) {
    const char *const auth[] = {"AUTH", address->user ? address->user : kp_buf_text(password), kp_buf_text(password)};
    const char *const base[] = {"SELECT", address->base};
    static const char *const config[] = {"CONFIG", "GET", "maxmemory-policy"};
    bool has_auth = address->user || password->len > 0;
    kp_buf commands;
    kp_buf_init(&commands, &kp_safe);
    if (has_auth)
        add_command(&commands, auth, address->user ? 3 : 2);
    if (address->base)
        add_command(&commands, base, 2);
    add_command(&commands, config, 3);
    kp_link_end end = kp_link_send(link, &commands);
    kp_buf_free(&commands);
    if (end == KP_LINK_OK && has_auth)
        end = read_ok(link);
    if (end == KP_LINK_OK && address->base)
        end = read_ok(link);
    return end == KP_LINK_OK ? read_policy(link, eviction) : end;
}
