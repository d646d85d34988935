/* sandbox_request.c: collects query, form and JSON body of a request, within bounds. */
#include "app/sandbox_request.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/text.h"

#define KEPT_MAX (4u << 20) /* bytes of one request; base64 of the largest image is 1.4 MB */
#define FIELDS_MAX 64

enum shape { FORM, JSON };

static const struct {
    const char *path;
    sandbox_call call; /* res.php: by its action */
    enum shape shape;
} paths[] = {
    {"/in.php", SANDBOX_SUBMIT, FORM},
    {"/res.php", SANDBOX_NO_CALL, FORM},
    {"/createTask", SANDBOX_CREATE_TASK, JSON},
    {"/getTaskResult", SANDBOX_GET_TASK_RESULT, JSON},
    {"/solve", SANDBOX_SOLVE, JSON},
    {"/balance", SANDBOX_GET_BALANCE, FORM},
    {"/", SANDBOX_NO_CALL, FORM},
};
#define PATHS (sizeof paths / sizeof *paths)

const char *sandbox_call_name(sandbox_call call) {
    static const char *const names[SANDBOX_CALLS] = {"other",  "submit",      "result",          "balance",
                                                     "report", "create_task", "get_task_result", "solve"};
    return names[call];
}

static enum MHD_Result take_field(void *to, enum MHD_ValueKind kind, const char *name, const char *filename,
                                  const char *content_type, const char *encoding, const char *data, uint64_t offset,
                                  size_t len) {
    sandbox_request *req = to;
    (void)kind, (void)filename, (void)content_type, (void)encoding;
    if (!name)
        return MHD_YES;
    if (offset == 0) {
        if (req->field_count == FIELDS_MAX) {
            req->too_big = true;
            return MHD_NO;
        }
        if (!req->fields)
            req->fields = kp_zalloc(FIELDS_MAX, sizeof *req->fields);
        char *copy = req->fields ? kp_strdup(name) : NULL;
        if (!copy) {
            req->short_of_memory = true;
            return MHD_NO;
        }
        sandbox_field *field = &req->fields[req->field_count++];
        field->name = copy;
        kp_buf_init(&field->value, NULL);
    }
    if (req->field_count)
        kp_buf_add(&req->fields[req->field_count - 1].value, data, len);
    return MHD_YES;
}

void sandbox_request_init(sandbox_request *req, struct MHD_Connection *connection, const char *path,
                          const char *http_method) {
    req->connection = connection;
    req->status = 200;
    req->type = "text/plain; charset=utf-8";
    req->path = "other";
    kp_buf_init(&req->body, NULL);
    kp_buf_init(&req->answer, NULL);
    req->http_method = !strcmp(http_method, "GET") ? "GET" : !strcmp(http_method, "POST") ? "POST" : "other";
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    sandbox_address_of(info ? info->client_addr : NULL, &req->client);
    for (size_t i = 0; i < PATHS; i++) {
        if (strcmp(path, paths[i].path) != 0)
            continue;
        req->path = paths[i].path;
        if (paths[i].shape == FORM && !strcmp(req->http_method, "POST")) {
            const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");
            req->multipart = type && kp_same_nocase(type, strlen(type) < 9 ? strlen(type) : 9, "multipart");
            req->form = MHD_create_post_processor(connection, 16384, take_field, req); /* NULL: another type */
        }
    }
}

void sandbox_request_clear(sandbox_request *req) {
    if (req->form)
        MHD_destroy_post_processor(req->form);
    for (size_t i = 0; i < req->field_count; i++) {
        kp_free(req->fields[i].name);
        kp_buf_free(&req->fields[i].value);
    }
    kp_free(req->fields);
    kp_buf_free(&req->body);
    kp_buf_free(&req->answer);
    cJSON_Delete(req->json);
}

void sandbox_request_feed(sandbox_request *req, const char *data, size_t len) {
    req->kept += len;
    if (req->kept > KEPT_MAX) {
        req->too_big = true;
        return;
    }
    if (req->form)
        MHD_post_process(req->form, data, len);
    else
        kp_buf_add(&req->body, data, len);
}

void sandbox_request_end(sandbox_request *req) {
    if (req->form) {
        MHD_destroy_post_processor(req->form); /* hands over the last field */
        req->form = NULL;
    }
    if (req->body.len && !req->too_big)
        req->json = cJSON_ParseWithLength(req->body.data, req->body.len);
    bool failed = req->body.failed;
    for (size_t i = 0; i < req->field_count; i++)
        failed |= req->fields[i].value.failed;
    req->short_of_memory |= failed;
}

const char *sandbox_request_value(const sandbox_request *req, const char *name, size_t *len) {
    const char *value = NULL;
    if (MHD_lookup_connection_value_n(req->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, len)) {
        if (!value)
            *len = 0;
        return value ? value : "";
    }
    for (size_t i = 0; i < req->field_count; i++) {
        if (!kp_same(req->fields[i].name, name))
            continue;
        *len = req->fields[i].value.len;
        return kp_buf_text(&req->fields[i].value);
    }
    *len = 0;
    return NULL;
}

bool sandbox_request_is(const sandbox_request *req, const char *name, const char *text) {
    size_t len = 0;
    const char *value = sandbox_request_value(req, name, &len);
    return value && kp_same_n(value, len, text);
}

sandbox_call sandbox_request_call(const sandbox_request *req) {
    for (size_t i = 0; i < PATHS; i++)
        if (req->path == paths[i].path && paths[i].call != SANDBOX_NO_CALL)
            return paths[i].call;
    if (strcmp(req->path, "/res.php") != 0)
        return SANDBOX_NO_CALL;
    if (sandbox_request_is(req, "action", "get"))
        return SANDBOX_RESULT;
    if (sandbox_request_is(req, "action", "getbalance"))
        return SANDBOX_GET_BALANCE;
    if (sandbox_request_is(req, "action", "reportbad") || sandbox_request_is(req, "action", "reportgood"))
        return SANDBOX_REPORT;
    return SANDBOX_NO_CALL;
}

const char *sandbox_request_task_method(const sandbox_request *req, size_t *len) {
    *len = 0;
    if (!strcmp(req->path, "/in.php"))
        return sandbox_request_value(req, "method", len);
    const cJSON *task = !strcmp(req->path, "/createTask") ? cJSON_GetObjectItemCaseSensitive(req->json, "task")
                        : !strcmp(req->path, "/solve")    ? req->json
                                                          : NULL;
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(task, "type"));
    if (type)
        *len = strlen(type);
    return type;
}
