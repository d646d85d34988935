/* cmd_env.c: the block that a process is started with stays readable in /proc/PID/environ and lies on the stack, which
 * core dumps have; so values that are keys go to locked memory, and what was in the block is overwritten. */
#include "app/cmd_env.h"

#include <string.h>

#include "base/text.h"
#include "policy/fetch.h"
#include "safe/arena.h"

extern char **environ;

/* The copy is never freed: getenv lends it until the process ends. */
static void hide(char **entry) {
    size_t len = strlen(*entry), name = strcspn(*entry, "=");
    char *copy = kp_safe_alloc(len + 1);
    if (!copy)
        return;
    memcpy(copy, *entry, len + 1);
    char *old = *entry;
    *entry = copy;
    if (name < len)
        memset(old + name + 1, 'x', len - name - 1);
}

/* begins: every variable whose name begins so. */
static void hide_all(const char *text, bool begins) {
    size_t len = strlen(text);
    for (char **entry = environ; entry && *entry; entry++)
        if (strncmp(*entry, text, len) == 0 && (begins || (*entry)[len] == '='))
            hide(entry);
}

void cmd_env_hide_known(void) {
    const kp_provider *provider;
    const char *credential;
    hide_all("KEYPLATE_", true); /* credentials of a proxy; a key that was put in the wrong place */
    for (size_t i = 0; (provider = kp_provider_at(i)); i++)
        hide_all(provider->key_env, true);
    for (size_t i = 0; (credential = kp_fetch_credential(i)); i++)
        hide_all(credential, false);
}

void cmd_env_hide_reference(const char *reference) {
    if (reference && kp_starts(reference, "env:") && reference[4])
        hide_all(reference + 4, false);
}

void cmd_env_hide_members(const kp_members *members) {
    for (size_t i = 0; i < members->count; i++)
        for (size_t k = 0; k < members->list[i].from_count; k++)
            if (members->list[i].from[k].kind == KP_REF_ENV)
                hide_all(members->list[i].from[k].place, false);
}
