/* admit_map.c: reads the arguments of a verb and moves names and values between it and the map. */
#include "policy/admit_map.h"

#include "base/text.h"

enum { NAME_MOST = 255 };

bool kp_arg_is(kp_arg arg, const char *text) {
    return kp_same_n(arg.text, arg.len, text);
}

bool kp_arg_word(kp_arg arg, size_t most) {
    if (!arg.text || arg.len == 0 || arg.len > most)
        return false;
    for (size_t i = 0; i < arg.len; i++)
        if ((unsigned char)arg.text[i] <= ' ' || arg.text[i] == 0x7f)
            return false;
    return true;
}

bool kp_arg_name(kp_arg arg) {
    return kp_arg_word(arg, NAME_MOST);
}

bool kp_arg_number(kp_arg arg, int64_t least, int64_t most, int64_t *out) {
    return kp_parse_i64(arg.text, arg.len, out) && *out >= least && *out <= most;
}

kp_arg kp_arg_of(const kp_buf *b) {
    return (kp_arg){kp_buf_text(b), b->len};
}

kp_arg kp_map_name(kp_verb *v, const char *kind, kp_arg name) {
    kp_buf_clear(&v->name);
    kp_buf_str(&v->name, kind);
    kp_buf_char(&v->name, ' ');
    kp_buf_add(&v->name, name.text, name.len);
    return v->name.failed ? (kp_arg){NULL, 0} : kp_arg_of(&v->name);
}

int kp_map_get(kp_verb *v, kp_arg name) {
    kp_buf_clear(&v->value);
    int there = name.text ? v->kv->get(v->kv->self, name, v->now_ms, &v->value) : -1;
    return v->value.failed ? -1 : there;
}

int kp_map_put(kp_verb *v, kp_arg name, int64_t expires_ms) {
    if (!name.text || v->value.failed)
        return -1;
    return v->kv->put(v->kv->self, name, kp_arg_of(&v->value), expires_ms);
}

int kp_map_drop(kp_verb *v, kp_arg name) {
    return name.text ? v->kv->put(v->kv->self, name, (kp_arg){NULL, 0}, 0) : -1;
}
