/* cmd_man.c: the manual page, in the man macros of roff. */
#include <string.h>

#include "app/cmd_pages.h"

/* Text of a page: a backslash, a hyphen that is meant as one, and a dot or quote at the start of a line are special. */
static void add_text(kp_buf *out, const char *text) {
    bool first = true;
    for (; *text; text++) {
        if (first && (*text == '.' || *text == '\''))
            kp_buf_str(out, "\\&");
        if (*text == '\\')
            kp_buf_str(out, "\\e");
        else if (*text == '-')
            kp_buf_str(out, "\\-");
        else
            kp_buf_char(out, *text);
        first = *text == '\n';
    }
}

static void add_line(kp_buf *out, const char *text) {
    add_text(out, text);
    kp_buf_char(out, '\n');
}

/* An entry: name in bold, value in italics, text below. */
static void add_entry(kp_buf *out, const char *name, const char *value, const char *text) {
    kp_buf_str(out, ".TP\n\\fB");
    add_text(out, name);
    kp_buf_str(out, "\\fR");
    if (value && value[0]) {
        kp_buf_str(out, " \\fI");
        add_text(out, value);
        kp_buf_str(out, "\\fR");
    }
    kp_buf_char(out, '\n');
    add_line(out, text);
}

static void add_section(kp_buf *out, const char *name) {
    kp_buf_fmt(out, ".SH %s\n", name);
}

static void add_commands(kp_buf *out) {
    const cmd_row *row;
    add_section(out, "COMMANDS");
    for (size_t i = 0; (row = cmd_row_at(i)); i++) {
        kp_buf text;
        kp_buf_init(&text, NULL);
        kp_buf_fmt(&text, "%c%s.", row->text[0] - 'a' + 'A', row->text + 1);
        add_entry(out, row->name, row->arguments, kp_buf_text(&text));
        if (row->more)
            add_line(out, row->more);
        kp_buf_free(&text);
    }
}

static void add_options(kp_buf *out) {
    const cmd_option *option;
    add_section(out, "OPTIONS");
    add_line(out, "Options stand before or behind the command; -- ends them.");
    for (size_t i = 0; (option = cmd_option_at(i)); i++)
        add_entry(out, option->name, option->value, option->text);
}

static void add_config(kp_buf *out) {
    const char *name, *fallback, *range, *text;
    add_section(out, "CONFIGURATION");
    add_line(out,
             "By falling precedence: --set, the variable KEYPLATE_NAME (upper case, underscores for dots), the file "
             "of --config or KEYPLATE_CONFIG or ~/.config/keyplate/config.json. The file is a JSON object; dotted "
             "names are nested objects.");
    for (size_t i = 0; (name = kp_config_option(i, NULL, &fallback, &range, &text)); i++) {
        kp_buf line;
        kp_buf_init(&line, NULL);
        kp_buf_fmt(&line, "%s (%s). Default: %s.", text, range, fallback[0] ? fallback : "empty");
        add_entry(out, name, NULL, kp_buf_text(&line));
        kp_buf_free(&line);
    }
}

static void add_keys(kp_buf *out) {
    const kp_provider *provider;
    add_section(out, "KEYS");
    add_line(
        out,
        "A key is never an argument. Without configuration these places are looked at, and the first one that "
        "has a key wins; 'keyplate keys explain' shows what is there. References name a place: env:NAME, "
        "file:PATH, dotenv:PATH#NAME, json:PATH#/pointer, cred:NAME, fd:N, exec:PROGRAM ARGUMENT (what the program "
        "writes; no shell), vault://MOUNT/PATH#FIELD, aws-sm://SECRET?region=REGION#FIELD, "
        "gcp-sm://projects/PROJECT/secrets/SECRET/versions/latest.");
    for (size_t i = 0; (provider = kp_provider_at(i)); i++) {
        kp_buf line;
        kp_buf_init(&line, NULL);
        kp_buf_fmt(&line,
                   "%s or %s_FILE, the systemd credential %s, /run/secrets/%s, %s in .env of the working directory, "
                   "~/%s/config.json. Further keys: %s_BACKUP, _2 to _9. Base URL: %s.",
                   provider->key_env, provider->key_env, provider->key_cred, provider->key_cred, provider->key_env,
                   provider->home, provider->key_env, provider->url_env);
        add_entry(out, provider->title, NULL, kp_buf_text(&line));
        kp_buf_free(&line);
    }
}

static void add_statuses(kp_buf *out) {
    int status = 0;
    const char *text;
    add_section(out, "EXIT STATUS");
    for (size_t i = 0; (text = cmd_status_text(i, &status)); i++) {
        kp_buf_fmt(out, ".TP\n%d\n", status);
        add_line(out, text);
    }
}

void cmd_add_man(kp_buf *out) {
    kp_buf_fmt(out, ".TH KEYPLATE 1 \"\" \"keyplate %s\" \"User Commands\"\n", kp_version());
    add_section(out, "NAME");
    add_line(out, "keyplate - holds the API keys of CAPTCHA-solving services and makes the calls");
    add_section(out, "SYNOPSIS");
    kp_buf_str(out, ".B keyplate\n\\fICOMMAND\\fR [\\fIARGUMENT\\fR]... [\\fIOPTION\\fR]...\n");
    add_section(out, "DESCRIPTION");
    add_line(out,
             "keyplate finds a key, keeps it out of sight, and makes the authenticated calls to CaptchaAI and "
             "NoCaptchaAI: balance, submit, poll, report. Answers go to stdout, one line or, with --json, one JSON "
             "object; messages go to stderr. Use it with accounts of your own, and on systems that you own or are "
             "authorised to test.");
    add_commands(out);
    add_options(out);
    add_keys(out);
    add_config(out);
    add_statuses(out);
    add_section(out, "EXAMPLES");
    kp_buf_str(out, ".nf\nkeyplate keys set\nkeyplate verify\n"
                    "keyplate solve turnstile sitekey=KEY_OF_THE_PAGE pageurl=https://example.com/\n"
                    "keyplate solve base64 body=@picture.png \\-\\-json\n.fi\n");
}
