/* profile.c: profiles: sets of options in one configuration, of which one is picked by name. */
#include <string.h>

#include "engine/config.h"
#include "policy/keycheck.h"
#include "policy/keyref.h"

static bool read_name(kp_json raw, kp_buf *name) {
    kp_buf_clear(name);
    return kp_json_string(raw, name) && !name->failed;
}

const char *kp_profiles_problem(const char *text) {
    kp_json name, value, root = kp_json_parse(text, strlen(text), NULL);
    size_t at = 0;
    const char *problem = root.type == KP_JSON_OBJECT ? NULL : "it is no JSON object";
    kp_buf plain;
    kp_buf_init(&plain, NULL);
    while (!problem && kp_json_next(root, &at, &name, &value)) {
        if (value.type != KP_JSON_OBJECT)
            problem = "each profile is a JSON object of options";
        else if (!read_name(name, &plain) || !kp_is_held_name(kp_buf_text(&plain), plain.len))
            problem = "the name of a profile is 1 to 32 letters, digits, '.', '_' or '-'";
        else if (kp_key_is_like(kp_buf_text(&plain), plain.len))
            problem = "the name of a profile looks like a key itself";
        else if (kp_json_get(value, "profile").type != KP_JSON_NONE ||
                 kp_json_get(value, "profiles").type != KP_JSON_NONE)
            problem = "a profile cannot have profile or profiles in it";
    }
    kp_buf_free(&plain);
    return problem;
}

/* The names that there are, for the message. */
static void add_names(kp_buf *out, kp_json profiles) {
    kp_json name, value;
    size_t at = 0;
    kp_buf plain;
    kp_buf_init(&plain, NULL);
    while (kp_json_next(profiles, &at, &name, &value))
        if (read_name(name, &plain)) {
            kp_buf_str(out, out->len ? ", " : "");
            kp_buf_str(out, kp_buf_text(&plain));
        }
    kp_buf_free(&plain);
}

/* Puts before a problem of an option which profile has it. */
static void name_profile(kp_config *config, const char *name) {
    kp_buf plain;
    kp_buf_init(&plain, NULL);
    kp_buf_str(&plain, kp_buf_text(&config->problem));
    kp_buf_clear(&config->problem);
    kp_buf_fmt(&config->problem, "in the profile '%s': %s", name, kp_buf_text(&plain));
    config->out_of_memory = config->out_of_memory || plain.failed || config->problem.failed;
    kp_buf_free(&plain);
}

void kp_profile_apply(kp_config *config) {
    const char *name = kp_config_value(config, KP_OPT_PROFILE), *text = kp_config_value(config, KP_OPT_PROFILES);
    if (!name[0] || config->error || config->out_of_memory)
        return;
    /* What is laid over replaces other options, but not this text: a profile has none in it. */
    kp_json profiles = kp_json_parse(text, strlen(text), NULL), chosen = kp_json_get(profiles, name);
    if (chosen.type == KP_JSON_OBJECT) {
        kp_config_lay_over(config, chosen);
        if (config->error)
            name_profile(config, name);
        return;
    }
    kp_buf names;
    kp_buf_init(&names, NULL);
    add_names(&names, profiles);
    kp_config_fail(config, "there is no profile '%s'; %s%s", name,
                   names.len ? "there are " : "the configuration has no profiles", kp_buf_text(&names));
    kp_buf_free(&names);
}
