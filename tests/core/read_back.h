/* read_back.h: reads forms and multipart bodies as a strict server does; include after cmocka.h. */
#ifndef KP_TESTS_READ_BACK_H
#define KP_TESTS_READ_BACK_H

#include <stdio.h>
#include <string.h>

typedef struct field {
    char name[64];
    char *value;
    size_t len;
} field;

typedef struct fields {
    field list[40];
    size_t count;
} fields;

static inline void free_fields(fields *f) {
    for (size_t i = 0; i < f->count; i++)
        test_free(f->list[i].value);
}

static inline const field *get(const fields *f, const char *name) {
    const field *found = NULL;
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->list[i].name, name) == 0) {
            assert_null(found);
            found = &f->list[i];
        }
    return found;
}

static inline void has(const fields *f, const char *name, const char *value) {
    const field *found = get(f, name);
    if (!found)
        fail_msg("no field %s", name);
    else {
        assert_int_equal(found->len, strlen(value));
        assert_memory_equal(found->value, value, found->len);
    }
}

/* As a server decodes it: '+' is a blank, %XX a byte. */
static inline size_t decode_form(const char *text, size_t len, char *out) {
    size_t size = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned byte = 0;
        if (text[i] == '%') {
            assert_int_equal(sscanf(text + i + 1, "%2X", &byte), 1);
            out[size++] = (char)byte;
            i += 2;
        } else {
            assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", text[i]));
            out[size++] = text[i];
        }
    }
    out[size] = '\0';
    return size;
}

static inline void read_form(const char *text, fields *out) {
    out->count = 0;
    while (*text) {
        size_t len = strcspn(text, "&");
        size_t name_len = strcspn(text, "=");
        assert_true(name_len < len);
        field *f = &out->list[out->count++];
        assert_true(name_len < sizeof f->name);
        decode_form(text, name_len, f->name);
        f->value = test_malloc(len + 1);
        f->len = decode_form(text + name_len + 1, len - name_len - 1, f->value);
        text += len;
        if (*text == '&') {
            text++;
            assert_true(*text != '\0');
        }
    }
}

static inline const char *expect(const char *at, const char *text) {
    assert_int_equal(strncmp(at, text, strlen(text)), 0);
    return at + strlen(text);
}

/* Strictly as RFC 7578 and the Content-Type say; nothing in front of the first boundary or behind the last. */
static inline void read_multipart(const char *content_type, const char *body, size_t body_len, fields *out,
                                  char *filename, char *type) {
    static const char start[] = "multipart/form-data; boundary=";
    char mark[100];
    assert_int_equal(strncmp(content_type, start, strlen(start)), 0);
    snprintf(mark, sizeof mark, "\r\n--%s", content_type + strlen(start));
    const char *end = body + body_len;
    const char *at = expect(body, mark + 2);
    out->count = 0;
    while (strncmp(at, "--", 2) != 0) {
        field *f = &out->list[out->count++];
        at = expect(at, "\r\nContent-Disposition: form-data; name=\"");
        size_t name_len = strcspn(at, "\"");
        assert_true(name_len < sizeof f->name);
        memcpy(f->name, at, name_len);
        f->name[name_len] = '\0';
        at = expect(at + name_len, "\"");
        if (*at == ';') {
            at = expect(at, "; filename=\"");
            memcpy(filename, at, strcspn(at, "\""));
            filename[strcspn(at, "\"")] = '\0';
            at = expect(at + strlen(filename), "\"\r\nContent-Type: ");
            memcpy(type, at, strcspn(at, "\r"));
            type[strcspn(at, "\r")] = '\0';
            at += strlen(type);
        }
        at = expect(at, "\r\n\r\n");
        const char *stop = memmem(at, (size_t)(end - at), mark, strlen(mark));
        assert_non_null(stop);
        f->len = (size_t)(stop - at);
        f->value = test_malloc(f->len + 1);
        memcpy(f->value, at, f->len);
        f->value[f->len] = '\0';
        at = stop + strlen(mark);
    }
    at = expect(at, "--\r\n");
    assert_ptr_equal(at, end);
}

#endif
