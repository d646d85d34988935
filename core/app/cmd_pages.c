/* cmd_pages.c: the tables of options, errors and methods as text for people. */
#include "app/cmd_pages.h"

#include <string.h>

#include "base/error.h"

enum { INDENT = 4, WIDE = 8 };

void cmd_add_config(kp_buf *out) {
    const char *name, *type, *fallback, *range, *text;
    cmd_add_wrapped(out,
                    "Options, by falling precedence: --set NAME=VALUE, the variable in brackets, the file of --config "
                    "or KEYPLATE_CONFIG or ~/.config/keyplate/config.json (JSON; dotted names are nested objects).",
                    0, 0);
    for (size_t i = 0; (name = kp_config_option(i, &type, &fallback, &range, &text)); i++) {
        kp_buf_fmt(out, "\n  %s [KEYPLATE_", name);
        for (const char *c = name; *c; c++)
            kp_buf_char(out, *c == '.' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
        kp_buf_str(out, "]\n");
        cmd_add_wrapped(out, text, INDENT, 0);
        kp_buf line;
        kp_buf_init(&line, NULL);
        kp_buf_fmt(&line, "%s: %s; default: %s", type, range, fallback[0] ? fallback : "(empty)");
        cmd_add_wrapped(out, kp_buf_text(&line), INDENT, 0);
        kp_buf_free(&line);
    }
}

void cmd_add_errors(kp_buf *out) {
    static const char *const origins[] = {"keyplate", "CaptchaAI", "NoCaptchaAI"};
    int code, last = -1;
    for (size_t i = 0; (code = kp_error_at(i)); i++) {
        int origin = (int)kp_error_find(code)->origin;
        if (origin != last)
            kp_buf_fmt(out, "%sErrors of %s\n", last < 0 ? "" : "\n", origins[origin]);
        last = origin;
        kp_buf line;
        kp_buf_init(&line, NULL);
        kp_buf_fmt(&line, "%c%s. %s",
                   kp_error_text(code)[0] >= 'a' && kp_error_text(code)[0] <= 'z' ? kp_error_text(code)[0] - 'a' + 'A'
                                                                                  : kp_error_text(code)[0],
                   kp_error_text(code) + 1, kp_error_advice(code));
        kp_buf_fmt(out, "\n  %s (%s)\n", kp_error_name(code), kp_error_class(code));
        cmd_add_wrapped(out, kp_buf_text(&line), INDENT, 0);
        kp_buf_free(&line);
    }
}

static void add_type(kp_buf *line, const kp_param *param) {
    switch (param->type) {
    case KP_VALUE_TEXT: break;
    case KP_VALUE_URL: kp_buf_str(line, " [http or https URL]"); break;
    case KP_VALUE_FLAG: kp_buf_str(line, " [0 or 1]"); break;
    case KP_VALUE_INT:
    case KP_VALUE_DECIMAL: kp_buf_fmt(line, " [%d to %d]", param->low, param->high); break;
    case KP_VALUE_WORD: kp_buf_fmt(line, " [%s]", param->words); break;
    case KP_VALUE_IMAGE: kp_buf_str(line, " [@FILE, or base64]"); break;
    case KP_VALUE_FILE: kp_buf_str(line, " [@FILE]"); break;
    }
}

static void add_params(kp_buf *out, const kp_param *param) {
    for (; param->name; param++) {
        kp_buf line;
        kp_buf_init(&line, NULL);
        kp_buf_fmt(&line, "%s%s: %s", param->name, param->required ? "*" : "", param->text);
        add_type(&line, param);
        if (param->unless)
            kp_buf_fmt(&line, " (not with %s)", param->unless);
        cmd_add_wrapped(out, kp_buf_text(&line), WIDE, 0);
        kp_buf_free(&line);
    }
}

static void add_provider(kp_buf *out, const kp_provider *provider) {
    kp_buf_fmt(out, "%s (--provider %s)\n", provider->title, provider->name);
    for (const kp_method *method = provider->methods; method->name; method++) {
        kp_buf_fmt(out, "\n  %s: %s\n", method->name, method->text);
        add_params(out, method->params);
    }
    kp_buf_str(out, "\n  with every method:\n");
    add_params(out, provider->common);
    if (provider->open_methods)
        kp_buf_str(out, "\n  Other methods and parameters go through as they are.\n");
}

void cmd_add_methods(kp_buf *out, const kp_provider *provider) {
    kp_buf_str(out, "A parameter with * is required.\n\n");
    for (size_t i = 0; kp_provider_at(i); i++) {
        if (provider && provider != kp_provider_at(i))
            continue;
        if (i > 0 && !provider)
            kp_buf_char(out, '\n');
        add_provider(out, kp_provider_at(i));
    }
}
