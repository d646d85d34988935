/* config_load.c: sets options from JSON: a whole configuration, or what a profile lays over it. */
#include <string.h>

#include "base/error.h"
#include "engine/config.h"
#include "safe/arena.h"

/* Later is higher: what was set after the profiles were is not laid over. */
static bool stays(const kp_config *config, int i) {
    return config->laying_over && i >= 0 && config->value[i] && config->set_at[i] > config->set_at[KP_OPT_PROFILES];
}

/* Of the options whose names begin with that name and a dot the first; NULL: there are none. */
static const char *first_of_group(const char *name) {
    const char *option;
    size_t len = strlen(name);
    for (size_t i = 0; (option = kp_config_option(i, NULL, NULL, NULL, NULL)); i++)
        if (strncmp(option, name, len) == 0 && option[len] == '.')
            return option;
    return NULL;
}

static int load_object(kp_config *config, kp_json object, const char *prefix);

static int load_member(kp_config *config, const char *name, kp_json value) {
    int i = kp_config_find(name);
    const char *group = i < 0 ? first_of_group(name) : NULL;
    if (group && value.type == KP_JSON_OBJECT)
        return load_object(config, value, name);
    if (group)
        return kp_config_fail(config, "there is no option '%s', but an object of options such as '%s'", name, group);
    if (stays(config, i))
        return KP_OK;
    kp_buf text;
    kp_buf_init(&text, &kp_safe);
    if (kp_config_is_json(i))
        kp_buf_add(&text, value.raw, value.len);
    else if (value.type == KP_JSON_STRING)
        kp_json_string(value, &text);
    else
        kp_buf_add(&text, value.raw, value.len);
    int code = KP_OK;
    if (text.failed)
        code = kp_config_no_memory(config);
    else if (i >= 0 && !kp_config_is_json(i) && (value.type == KP_JSON_NULL || value.type >= KP_JSON_ARRAY))
        code = kp_config_fail(config, "option %s cannot be null, a list or an object", name);
    else
        code = kp_config_set(config, name, kp_buf_text(&text));
    kp_buf_free(&text);
    return code;
}

static int load_object(kp_config *config, kp_json object, const char *prefix) {
    kp_json name, value;
    size_t at = 0;
    int first = KP_OK;
    while (kp_json_next(object, &at, &name, &value)) {
        kp_buf dotted;
        kp_buf_init(&dotted, NULL);
        kp_buf_str(&dotted, prefix);
        if (prefix[0])
            kp_buf_char(&dotted, '.');
        kp_json_string(name, &dotted);
        int code = dotted.failed ? kp_config_no_memory(config) : load_member(config, kp_buf_text(&dotted), value);
        kp_buf_free(&dotted);
        if (!first)
            first = code;
    }
    return first;
}

int kp_config_load(kp_config *config, const char *json, size_t len) {
    if (!config || !json)
        return KP_E_MISUSE;
    const char *problem = NULL;
    kp_json root = kp_json_parse(json, len, &problem);
    if (root.type != KP_JSON_OBJECT)
        return kp_config_fail(config, "the configuration is no JSON object%s%s", problem ? ": " : "",
                              problem ? problem : "");
    config->calls++;
    config->loading = true;
    int code = load_object(config, root, "");
    config->loading = false;
    return code;
}

int kp_config_lay_over(kp_config *config, kp_json object) {
    config->laying_over = config->loading = true; /* all of it as one */
    int code = load_object(config, object, "");
    config->laying_over = config->loading = false;
    return code;
}
