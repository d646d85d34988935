/* json.c: writes PHP values as JSON text: parameters and options. */
#include "face.h"

#include <math.h>

/* What the core reads. */
enum { MOST_DEPTH = 32 };
/* A double counts by ones up to here; what is larger may be another number than its writer meant. */
#define EXACT_MOST 9007199254740992.0

static bool refuse(const kpp_writer *w, const char *why) {
    kpp_throw_own(w->what[0] == 'o' ? "bad_config" : "bad_parameter", "a%s %s: %s", w->what[0] == 'o' ? "n" : "",
                  w->what, why);
    return false;
}

/* Every byte as it is: whether they are UTF-8 is for the core to say. */
static void write_string(smart_str *out, const char *text, size_t len) {
    static const char digits[] = "0123456789abcdef";
    smart_str_appendc(out, '"');
    for (size_t i = 0, from = 0; i <= len; i++) {
        unsigned char c = i < len ? (unsigned char)text[i] : '"';
        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        smart_str_appendl(out, text + from, i - from);
        from = i + 1;
        if (i == len)
            break;
        if (c >= ' ') {
            smart_str_appendc(out, '\\');
            smart_str_appendc(out, (char)c);
        } else {
            smart_str_appends(out, "\\u00");
            smart_str_appendc(out, digits[c >> 4]);
            smart_str_appendc(out, digits[c & 15]);
        }
    }
    smart_str_appendc(out, '"');
}

static bool write_double(kpp_writer *w, double x) {
    if (!isfinite(x))
        return refuse(w, "a number that is infinite, or none, cannot be sent");
    if (floor(x) != x)
        smart_str_append_double(&w->text, x, -1, false); /* the shortest that gives it back */
    else if (fabs(x) < EXACT_MOST)
        smart_str_append_long(&w->text, (zend_long)x);
    else
        return refuse(w, "a number of this size is not exact; give it as a string");
    return true;
}

static bool write_members(kpp_writer *w, HashTable *members, const char *skipped, int depth) {
    zend_string *name;
    zend_ulong number;
    zval *value;
    bool first = true;
    smart_str_appendc(&w->text, '{');
    ZEND_HASH_FOREACH_KEY_VAL(members, number, name, value) {
        if (name && skipped && ZSTR_LEN(name) == strlen(skipped) && strcmp(ZSTR_VAL(name), skipped) == 0)
            continue;
        if (!first)
            smart_str_appendc(&w->text, ',');
        first = false;
        if (name)
            write_string(&w->text, ZSTR_VAL(name), ZSTR_LEN(name));
        else {
            if (depth == 0)
                return refuse(w, "each has a name; there is one with a number");
            smart_str_appendc(&w->text, '"');
            smart_str_append_long(&w->text, (zend_long)number);
            smart_str_appendc(&w->text, '"');
        }
        smart_str_appendc(&w->text, ':');
        if (!kpp_write(w, value, depth + 1))
            return false;
    }
    ZEND_HASH_FOREACH_END();
    smart_str_appendc(&w->text, '}');
    return true;
}

static bool write_array(kpp_writer *w, HashTable *items, int depth) {
    if (depth >= MOST_DEPTH)
        return refuse(w, "arrays are nested too deep, or an array contains itself");
    if (!zend_array_is_list(items))
        return write_members(w, items, NULL, depth);
    zval *item;
    bool first = true;
    smart_str_appendc(&w->text, '[');
    ZEND_HASH_FOREACH_VAL(items, item) {
        if (!first)
            smart_str_appendc(&w->text, ',');
        first = false;
        if (!kpp_write(w, item, depth + 1))
            return false;
    }
    ZEND_HASH_FOREACH_END();
    smart_str_appendc(&w->text, ']');
    return true;
}

static bool write_object(kpp_writer *w, zend_object *object, int depth) {
    if (object->ce == zend_standard_class_def && depth < MOST_DEPTH)
        return write_members(w, zend_std_get_properties(object), NULL, depth);
    if (w->special && w->special(w, object))
        return true;
    if (!EG(exception)) {
        zend_string *why = zend_strpprintf(0, "a %s cannot be given here", ZSTR_VAL(object->ce->name));
        refuse(w, ZSTR_VAL(why));
        zend_string_release(why);
    }
    return false;
}

bool kpp_write(kpp_writer *w, zval *value, int depth) {
    ZVAL_DEREF(value);
    switch (Z_TYPE_P(value)) {
    case IS_UNDEF:
    case IS_NULL: smart_str_appends(&w->text, "null"); return true;
    case IS_FALSE: smart_str_appends(&w->text, "false"); return true;
    case IS_TRUE: smart_str_appends(&w->text, "true"); return true;
    case IS_LONG: smart_str_append_long(&w->text, Z_LVAL_P(value)); return true;
    case IS_DOUBLE: return write_double(w, Z_DVAL_P(value));
    case IS_STRING: write_string(&w->text, Z_STRVAL_P(value), Z_STRLEN_P(value)); return true;
    case IS_ARRAY: return write_array(w, Z_ARRVAL_P(value), depth);
    case IS_OBJECT: return write_object(w, Z_OBJ_P(value), depth);
    default: return refuse(w, "a resource cannot be given here");
    }
}

bool kpp_write_object(kpp_writer *w, HashTable *members, const char *skipped) {
    if (!write_members(w, members, skipped, 0))
        return false;
    smart_str_0(&w->text);
    return true;
}

void kpp_writer_end(kpp_writer *w) {
    if (w->text.s)
        ZEND_SECURE_ZERO(ZSTR_VAL(w->text.s), ZSTR_LEN(w->text.s));
    smart_str_free(&w->text);
}
