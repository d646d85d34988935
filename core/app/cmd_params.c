/* cmd_params.c: builds the JSON object of parameters from the words of the command line, and reads the files they name.
 */
#include "app/cmd_params.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"
#include "wire/json.h"

enum { FILE_MOST = 1024 * 1024, NAME_MOST = 64 };

typedef struct pair {
    char name[NAME_MOST + 1];
    const char *value;
    bool json;
} pair;

static int bad(const cmd_app *app, const char *name, const char *why) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "%s %s", name, why);
    int status = cmd_fail(app, KP_E_PARAMETER, kp_buf_text(&text));
    kp_buf_free(&text);
    return status;
}

/* A word without '=' is not repeated: it may be a key. */
static int split(const cmd_app *app, int i, pair *out) {
    const char *word = app->args[i], *sign = strchr(word, '=');
    if (!sign)
        return cmd_misuse(app, "argument %d behind the command is not NAME=VALUE", i + 1);
    size_t len = (size_t)(sign - word);
    out->json = len > 0 && word[len - 1] == ':';
    len -= out->json;
    bool fine = len > 0 && len <= NAME_MOST;
    for (size_t k = 0; fine && k < len; k++)
        fine = kp_is_alpha(word[k]) || kp_is_digit(word[k]) || strchr("_.-[]", word[k]);
    if (!fine)
        return cmd_misuse(app, "argument %d behind the command has no name of a parameter in front of '='", i + 1);
    memcpy(out->name, word, len);
    out->name[len] = '\0';
    out->value = sign + 1;
    return CMD_DONE;
}

/* NULL, or why the file cannot be used. A FIFO or a device is not even opened for good. */
static const char *read_file(const char *path, kp_buf *out) {
    struct stat info;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return strerror(errno);
    const char *why = NULL;
    if (fstat(fd, &info) != 0)
        why = strerror(errno);
    else if (!S_ISREG(info.st_mode))
        why = "it is no regular file";
    else if (info.st_size > FILE_MOST)
        why = "it is larger than 1 MiB";
    ssize_t n = why ? 0 : 1;
    while (!why && n > 0) {
        if (!kp_buf_reserve(out, FILE_MOST + 1 - out->len))
            why = "memory is short";
        else if ((n = read(fd, out->data + out->len, FILE_MOST + 1 - out->len)) < 0)
            why = strerror(errno);
        else
            out->len += (size_t)n;
        if (!why && out->len > FILE_MOST)
            why = "it is larger than 1 MiB";
    }
    close(fd);
    if (!why && out->len == 0)
        why = "it is empty";
    return why;
}

static int take_file(const cmd_app *app, const pair *p, const kp_param *param, kp_op *op, kp_buf *object) {
    kp_buf bytes, text;
    kp_buf_init(&bytes, NULL);
    kp_buf_init(&text, NULL);
    int status = CMD_DONE;
    const char *why = read_file(p->value + 1, &bytes);
    if (why) {
        kp_buf_str(&text, "names the file ");
        kp_add_shown(&text, p->value + 1, strlen(p->value + 1), 200);
        kp_buf_fmt(&text, ", which cannot be used: %s", why);
        status = bad(app, p->name, kp_buf_text(&text));
    } else if (param->type == KP_VALUE_FILE) {
        if (kp_op_set(op, "file", bytes.data, bytes.len) == KP_E_MEMORY)
            status = cmd_fail(app, KP_E_MEMORY, NULL);
    } else {
        kp_add_base64(&text, bytes.data, bytes.len, false);
        kp_add_json(object, kp_buf_text(&text), text.len);
        object->failed |= text.failed;
    }
    kp_buf_free(&text);
    kp_buf_free(&bytes);
    return status;
}

static int take_json(const cmd_app *app, const pair *p, kp_buf *object) {
    const char *problem = NULL;
    kp_json value = kp_json_parse(p->value, strlen(p->value), &problem);
    if (value.type != KP_JSON_NONE) {
        kp_buf_add(object, value.raw, value.len);
        return CMD_DONE;
    }
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "is given with := and is not valid JSON: %s (text goes with =)", problem ? problem : "");
    int status = bad(app, p->name, kp_buf_text(&text));
    kp_buf_free(&text);
    return status;
}

static int take(const cmd_app *app, const pair *p, const kp_param *param, kp_op *op, kp_buf *object) {
    bool file = param && (param->type == KP_VALUE_FILE || param->type == KP_VALUE_IMAGE);
    bool upload = param && param->type == KP_VALUE_FILE;
    if (upload && (p->json || p->value[0] != '@'))
        return bad(app, p->name, "is a file: write it as file=@PATH");
    if (!upload) {
        kp_buf_str(object, object->len > 1 ? "," : "");
        kp_add_json(object, p->name, strlen(p->name));
        kp_buf_char(object, ':');
    }
    if (p->json)
        return take_json(app, p, object);
    if (file && p->value[0] == '@')
        return take_file(app, p, param, op, object);
    if (!kp_utf8_valid(p->value, strlen(p->value)))
        return bad(app, p->name, "is not valid UTF-8");
    kp_add_json(object, p->value, strlen(p->value));
    return CMD_DONE;
}

static int check_twice(const cmd_app *app, int i, const pair *p) {
    pair other = {.value = ""};
    for (int k = 1; k < i; k++)
        if (split(app, k, &other) == CMD_DONE && kp_same(other.name, p->name))
            return bad(app, p->name, "is given twice");
    return CMD_DONE;
}

int cmd_params(const cmd_app *app, const kp_provider *provider, kp_op *op) {
    const char *name = app->args[0];
    const kp_method *method = kp_method_find(provider, name);
    kp_buf object;
    kp_buf_init(&object, NULL);
    kp_buf_char(&object, '{');
    int status = CMD_DONE;
    for (int i = 1; status == CMD_DONE && i < app->arg_count; i++) {
        pair p = {.value = ""};
        status = split(app, i, &p);
        if (status == CMD_DONE)
            status = check_twice(app, i, &p);
        if (status == CMD_DONE)
            status = take(app, &p, kp_param_find(provider, method, p.name), op, &object);
    }
    kp_buf_char(&object, '}');
    if (status == CMD_DONE && (object.failed || kp_op_set(op, "method", name, strlen(name)) == KP_E_MEMORY ||
                               kp_op_set(op, "params", object.data, object.len) == KP_E_MEMORY))
        status = cmd_fail(app, KP_E_MEMORY, NULL);
    kp_buf_free(&object);
    return status;
}
