/* client.c: makes, counts and ends clients. */
#include "engine/client.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/url.h"
#include "engine/client_fork.h"
#include "engine/names.h"
#include "engine/op.h"
#include "engine/share.h"
#include "safe/arena.h"

/* A token bucket as in the retry quotas of other clients: a service that is down gets few retries, not three for each
   call. */
enum { QUOTA_FULL = 100, QUOTA_RETRY = 5, QUOTA_SUCCESS = 1 };

/* One spelling for all that lead to the same place: the case of the host, its default port, a slash at the end, the
   names of this machine. */
static void add_place(kp_buf *out, const char *text) {
    kp_url url;
    if (!kp_url_parse(text, strlen(text), &url)) {
        kp_buf_str(out, text);
        return;
    }
    kp_buf_str(out, url.https ? "https " : "http ");
    for (size_t i = 0; i < url.host_len && !kp_url_is_loopback(&url); i++)
        kp_buf_char(out, kp_lower(url.host[i]));
    kp_buf_fmt(out, " %d ", url.port);
    while (url.path_len && url.path[url.path_len - 1] == '/')
        url.path_len--;
    kp_buf_add(out, url.path, url.path_len);
}

/* A proxy without those who log in at it. */
static void add_proxy(kp_buf *out, const char *proxy) {
    const char *behind = strstr(proxy, "://"), *at = strrchr(proxy, '@');
    size_t scheme = behind ? (size_t)(behind - proxy) + 3 : 0;
    kp_buf_add(out, proxy, scheme);
    const char *host = at ? at + 1 : proxy + scheme;
    for (; *host && *host != '/'; host++)
        kp_buf_char(out, kp_lower(*host));
}

static void name_world(const kp_client *client, const kp_buf *parts, char *out, size_t size) {
    unsigned char digest[32];
    kp_hmac_sha256("keyplate/scope/1", 16, kp_buf_text(parts), parts->len, digest);
    snprintf(out, size, "%s~%02x%02x%02x%02x", client->provider->name, digest[0], digest[1], digest[2], digest[3]);
}

/* Two base URLs or two egresses are two worlds: a key that the sandbox refused is not refused by the service, and a ban
   holds for the address that earned it. Who logs in at a proxy makes no other address. But the hosts of a fleet that go
   out over addresses of their own have one key ring. */
static bool name_worlds(kp_client *client) {
    const char *profile = kp_config_value(client->config, KP_OPT_PROFILE);
    char home[sizeof client->scope];
    kp_buf all;
    kp_buf_init(&all, NULL);
    add_place(&all, client->base_url);
    name_world(client, &all, home, sizeof home);
    kp_name_join(client->realm, sizeof client->realm, home, profile[0] ? "/" : "", profile);
    kp_buf_char(&all, '\n');
    add_proxy(&all, kp_config_value(client->config, KP_OPT_PROXY));
    kp_buf_char(&all, '\n');
    kp_buf_str(&all, kp_config_value(client->config, KP_OPT_SOURCE_ADDRESS));
    bool whole = !all.failed;
    name_world(client, &all, client->scope, sizeof client->scope);
    kp_buf_free(&all);
    return whole;
}

static const char *option_text(const void *config, const char *name) {
    return kp_config_get(config, name);
}

/* Limits of keys that are not there would never hold, and tags that cannot be written would be missed too late. */
static int check_terms(kp_client *client) {
    const kp_limits *limits = client->limits;
    for (size_t i = 0; i < limits->scopes; i++) {
        const kp_limit_scope *scope = &limits->scope[i];
        if (scope->by != KP_BY_KEY || kp_same(scope->name, "*") || kp_ring_has(&client->ring, scope->name))
            continue;
        kp_buf_fmt(&client->problem, "option limits.by: there is no key of the name %s", scope->name);
        return KP_E_CONFIG;
    }
    const char *problem = kp_tags_problem(kp_config_value(client->config, KP_OPT_TAGS));
    if (problem)
        kp_buf_fmt(&client->problem, "option tags cannot have this value: %s", problem);
    return problem ? KP_E_CONFIG : KP_OK;
}

static void set_up(kp_client *client) {
    kp_config *config = client->config;
    client->provider = kp_provider_find(kp_config_value(config, KP_OPT_PROVIDER));
    if (config->out_of_memory)
        client->error = KP_E_MEMORY;
    else if (config->error) {
        client->error = config->error;
        kp_buf_str(&client->problem, kp_config_problem(config));
    } else if (!kp_crypto_start()) {
        client->error = KP_E_INTERNAL;
        kp_buf_str(&client->problem, "libsodium cannot start");
    }
    if (!client->provider)
        client->provider = kp_provider_at(0);
    client->base_url = kp_config_value(config, client->provider->origin == KP_CAPTCHAAI ? KP_OPT_URL_CAPTCHAAI
                                                                                        : KP_OPT_URL_NOCAPTCHAAI);
    if (client->error)
        return;
    if (!name_worlds(client)) {
        client->error = KP_E_MEMORY;
        return;
    }
    client->error = kp_ring_make(&client->ring, client->provider, kp_config_value(config, KP_OPT_KEYS),
                                 kp_config_value(config, KP_OPT_HOST), &client->problem);
    if (!client->error)
        client->error = kp_limits_make(option_text, config, &client->limits, &client->problem);
    if (!client->error)
        client->error = check_terms(client);
    if (!client->error)
        client->error = kp_sealer_make(&client->sealer, kp_config_value(config, KP_OPT_AUDIT_KEY), &client->problem);
}

kp_client *kp_client_new(const kp_config *config) {
    kp_client *client = kp_zalloc(1, sizeof *client);
    if (!client)
        return NULL;
    client->config = kp_config_copy(config);
    if (!client->config || pthread_mutex_init(&client->lock, NULL) != 0) {
        kp_config_free(client->config);
        kp_free(client);
        return NULL;
    }
    kp_buf_init(&client->problem, NULL);
    kp_buf_init(&client->weakness, NULL);
    client->owners = 1;
    client->quota = QUOTA_FULL;
    client->preferred = SIZE_MAX;
    kp_event_queue_init(&client->events, (size_t)kp_config_number(client->config, KP_OPT_EVENTS, 0));
    set_up(client);
    kp_clients_add(client);
    return client;
}

kp_client *kp_client_keep(kp_client *client) {
    if (!client)
        return NULL;
    pthread_mutex_lock(&client->lock);
    client->owners++;
    pthread_mutex_unlock(&client->lock);
    return client;
}

void kp_client_free(kp_client *client) {
    if (!client)
        return;
    pthread_mutex_lock(&client->lock);
    int left = --client->owners;
    pthread_mutex_unlock(&client->lock);
    if (left > 0)
        return;
    kp_clients_remove(client);
    kp_ring_free(&client->ring);
    kp_limits_free(client->limits);
    kp_share_free(client->share);
    kp_sealer_free(&client->sealer);
    kp_sessions_free(client->sessions);
    kp_config_free(client->config);
    kp_buf_free(&client->problem);
    kp_buf_free(&client->weakness);
    kp_event_queue_free(&client->events);
    kp_tally_clear(&client->tally);
    pthread_mutex_destroy(&client->lock);
    kp_free(client);
}

const char *kp_client_option(const kp_client *client, const char *name) {
    return client ? kp_config_get(client->config, name) : NULL;
}

size_t kp_client_events(kp_client *client) {
    if (!client)
        return 0;
    pthread_mutex_lock(&client->lock);
    size_t count = kp_event_queue_count(&client->events);
    pthread_mutex_unlock(&client->lock);
    return count;
}

void kp_client_weaken(kp_client *client, const char *sentence) {
    if (!client || !sentence)
        return;
    pthread_mutex_lock(&client->lock);
    if (client->weakness.len)
        kp_buf_str(&client->weakness, "; ");
    kp_buf_str(&client->weakness, sentence);
    pthread_mutex_unlock(&client->lock);
}

bool kp_client_may_retry(kp_client *client) {
    pthread_mutex_lock(&client->lock);
    bool may = client->quota >= QUOTA_RETRY;
    pthread_mutex_unlock(&client->lock);
    return may;
}

void kp_client_retry(kp_client *client) {
    pthread_mutex_lock(&client->lock);
    client->quota = client->quota > QUOTA_RETRY ? client->quota - QUOTA_RETRY : 0;
    pthread_mutex_unlock(&client->lock);
}

void kp_client_success(kp_client *client) {
    pthread_mutex_lock(&client->lock);
    if (client->quota <= QUOTA_FULL - QUOTA_SUCCESS)
        client->quota += QUOTA_SUCCESS;
    pthread_mutex_unlock(&client->lock);
}

void kp_client_egress(const kp_client *client, kp_buf *out) {
    const char *proxy = kp_config_value(client->config, KP_OPT_PROXY);
    const char *source = kp_config_value(client->config, KP_OPT_SOURCE_ADDRESS);
    if (proxy[0]) {
        const char *at = strrchr(proxy, '@');
        kp_buf_fmt(out, "through the proxy %s", at ? at + 1 : proxy);
    } else if (source[0])
        kp_buf_fmt(out, "from the address %s", source);
    else
        kp_buf_str(out, "directly, without proxy or source address");
}
