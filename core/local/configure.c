/* configure.c: loads the configuration file and the environment into a configuration. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "engine/config.h"
#include "keyplate_run.h"
#include "local/paths.h"
#include "local/read.h"
#include "policy/keycheck.h"
#include "safe/arena.h"

enum { FILE_MOST = 262144 };

static const char prefix[] = "KEYPLATE_";

/* Variables that say where things are and are no options. */
static const char *const places[] = {"KEYPLATE_CONFIG", "KEYPLATE_STATE_DIR"};

static const struct {
    const char *variable;
    const char *option;
} urls[] = {{"CAPTCHAAI_URL", "url.captchaai"}, {"NOCAPTCHAAI_URL", "url.nocaptchaai"}};

/* An empty variable is as good as none. */
static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

/* ---- The file ---- */

static const char *reason(int why) {
    switch (why) {
    case KP_WHY_NOT_REGULAR: return "it is no regular file";
    case KP_WHY_LINK_LOOP: return "its path has symbolic links in a circle";
    case KP_WHY_TOO_BIG: return "it is larger than 256 KiB";
    case KP_WHY_FORBIDDEN: return "this user may not read it";
    case KP_WHY_NUL: return "it has a NUL byte in it";
    default: return "the system reports an I/O error";
    }
}

static int no_memory(kp_config *config) {
    config->out_of_memory = true;
    return KP_E_MEMORY;
}

/* Somebody may have written the key where a path belongs. */
static const char *shown(const char *path) {
    bool is_key = !strchr(path, '/') && kp_key_is_like(path, strlen(path));
    return is_key ? "(what was given looks like a key itself, and is not shown)" : path;
}

static int load_file(kp_config *config, const char *path, bool must_exist) {
    kp_buf name;
    kp_buf_init(&name, NULL);
    kp_buf_str(&name, "file:");
    kp_buf_str(&name, path);
    char *room = kp_alloc(FILE_MOST);
    if (!room || name.failed) {
        kp_free(room);
        kp_buf_free(&name);
        return no_memory(config);
    }
    size_t len = 0;
    int why = KP_WHY_NONE;
    int code = KP_OK;
    int how = kp_read_local(kp_buf_text(&name), room, FILE_MOST, NULL, &len, &why);
    if (how == KP_FOUND || how == KP_FOUND_OPEN)
        code = kp_config_load(config, room, len);
    else if (how != KP_ABSENT)
        code = kp_config_fail(config, "the configuration file %s cannot be used: %s", shown(path), reason(why));
    else if (must_exist)
        code = kp_config_fail(config, "the configuration file %s does not exist", shown(path));
    kp_wipe(room, FILE_MOST); /* a proxy's password may have been in it */
    kp_free(room);
    kp_buf_free(&name);
    return code;
}

/* The XDG base directory specification: a relative XDG_CONFIG_HOME is to be ignored. */
static int load_default_file(kp_config *config) {
    kp_buf path;
    kp_buf_init(&path, NULL);
    const char *folder = variable("XDG_CONFIG_HOME");
    bool there = folder && folder[0] == '/';
    if (there)
        kp_buf_str(&path, folder);
    else if ((there = kp_home_dir(&path)))
        kp_buf_str(&path, "/.config");
    kp_buf_str(&path, "/keyplate/config.json");
    int code = KP_OK;
    if (path.failed)
        code = no_memory(config);
    else if (there)
        code = load_file(config, kp_buf_text(&path), false);
    kp_buf_free(&path);
    return code;
}

/* ---- The environment ---- */

/* true if the name is an option's in upper case, with underscores for dots. */
static bool is_variable_of(const char *name, size_t len, const char *option) {
    size_t i = 0;
    for (; i < len && option[i]; i++)
        if ((option[i] == '.' ? '_' : option[i]) != kp_lower(name[i]))
            return false;
    return i == len && option[i] == '\0';
}

static const char *option_of(const char *name, size_t len) {
    const char *option;
    for (size_t i = 0; (option = kp_config_option(i, NULL, NULL, NULL, NULL)); i++)
        if (is_variable_of(name, len, option))
            return option;
    return NULL;
}

static bool is_place(const char *entry, size_t len) {
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (kp_same_n(entry, len, places[i]))
            return true;
    return false;
}

/* Sets an option by a variable's name that belongs to none: the error names the nearest. */
static int set_unknown(kp_config *config, const char *name, size_t len, const char *value) {
    kp_buf option;
    kp_buf_init(&option, NULL);
    for (size_t i = 0; i < len; i++)
        kp_buf_char(&option, kp_lower(name[i]));
    int code = option.failed ? no_memory(config) : kp_config_set(config, kp_buf_text(&option), value);
    kp_buf_free(&option);
    return code;
}

static int load_variable(kp_config *config, const char *entry) {
    size_t skip = sizeof prefix - 1;
    size_t len = strcspn(entry, "=");
    const char *value = entry[len] ? entry + len + 1 : "";
    if (!kp_starts(entry, prefix) || is_place(entry, len) || value[0] == '\0')
        return KP_OK;
    const char *option = option_of(entry + skip, len - skip);
    if (option)
        return kp_config_set(config, option, value);
    return set_unknown(config, entry + skip, len - skip, value);
}

static int load_all_variables(kp_config *config) {
    for (char **entry = environ; entry && *entry; entry++) {
        int code = load_variable(config, *entry);
        if (code)
            return code;
    }
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        const char *value = variable(urls[i].variable);
        int code = value ? kp_config_set(config, urls[i].option, value) : KP_OK;
        if (code)
            return code;
    }
    return KP_OK;
}

/* As one, so that the order in which the variables stand decides nothing. */
static int load_environment(kp_config *config) {
    config->calls++;
    config->loading = true;
    int code = load_all_variables(config);
    config->loading = false;
    return code;
}

/* The name of this machine, for those who ask who uses a key. */
static int set_node(kp_config *config) {
    char name[65];
    if (gethostname(name, sizeof name) != 0)
        return KP_OK;
    name[sizeof name - 1] = '\0';
    for (char *c = name; *c; c++)
        if (!kp_is_alpha(*c) && !kp_is_digit(*c) && !strchr("._-", *c))
            *c = '-';
    return name[0] ? kp_config_set(config, "node", name) : KP_OK;
}

int kp_local_configure(kp_config *config, const char *path) {
    if (!config)
        return KP_E_MISUSE;
    if (set_node(config) == KP_E_MEMORY)
        return KP_E_MEMORY;
    if (!path || !path[0])
        path = variable("KEYPLATE_CONFIG");
    int code = path ? load_file(config, path, true) : load_default_file(config);
    return code ? code : load_environment(config);
}
