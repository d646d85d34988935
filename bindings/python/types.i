/* types.i: how Python gives and takes handles, text and bytes.
 *
 * A handle is a capsule: nothing in Python can make one, copy one, or look into one.
 */
%{
static void kph_capsule_free(PyObject *capsule) {
    const char *name = PyCapsule_GetName(capsule);
    kph_drop((kph *)PyCapsule_GetPointer(capsule, name));
}

static PyObject *kph_capsule(kph *handle) {
    if (!handle)
        return PyErr_NoMemory();
    PyObject *capsule = PyCapsule_New(handle, handle->type->name, kph_capsule_free);
    if (!capsule)
        kph_drop(handle);
    return capsule;
}

/* NULL: it is something else, and the exception is set. */
static kph *kph_handle(PyObject *object, const kph_type *type) {
    if (PyCapsule_IsValid(object, type->name))
        return (kph *)PyCapsule_GetPointer(object, type->name);
    PyErr_Format(PyExc_TypeError, "%s expected, got %s", type->name, Py_TYPE(object)->tp_name);
    return NULL;
}

static bool kph_allowed(kph_use use, const kph_type *type) {
    if (use == KPH_CLOSED)
        PyErr_Format(PyExc_ValueError, "%s: it is closed", type->name);
    if (use == KPH_BUSY)
        PyErr_Format(PyExc_RuntimeError, "%s: another call uses it", type->name);
    return use == KPH_OK;
}

/* Text that ends at its NUL; without one in the midst. Lent by the object. */
static const char *kph_text(PyObject *object) {
    Py_ssize_t len = 0;
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "str expected, got %s", Py_TYPE(object)->tp_name);
        return NULL;
    }
    const char *text = PyUnicode_AsUTF8AndSize(object, &len);
    if (text && memchr(text, 0, (size_t)len))
        text = NULL;
    if (!text) {
        /* The exception of a codec would have the whole text in it. */
        PyErr_SetString(PyExc_ValueError, "a str without NUL and surrogates expected");
    }
    return text;
}

/* str as UTF-8, or whatever is bytes; without a copy. */
static bool kph_bytes(PyObject *object, Py_buffer *view, const char **data, size_t *len) {
    if (PyUnicode_Check(object)) {
        Py_ssize_t size = 0;
        *data = PyUnicode_AsUTF8AndSize(object, &size);
        *len = (size_t)size;
        if (!*data)
            PyErr_SetString(PyExc_ValueError, "a str without surrogates expected");
        return *data != NULL;
    }
    if (PyObject_GetBuffer(object, view, PyBUF_SIMPLE) != 0) {
        PyErr_Format(PyExc_TypeError, "bytes or str expected, got %s", Py_TYPE(object)->tp_name);
        return false;
    }
    *data = view->buf ? (const char *)view->buf : "";
    *len = (size_t)view->len;
    return true;
}

static PyObject *kph_str(const char *text, size_t len) {
    if (text)
        return PyUnicode_DecodeUTF8(text, (Py_ssize_t)len, "surrogateescape");
    Py_RETURN_NONE;
}
%}

/* ---- Handles ---- */

%{
#define KPH_IS_NULL(input) ((input) == Py_None)
#define KPH_ARG(input, type, any, handle)                                                                              \
    do {                                                                                                               \
        kph *kph_found = kph_handle(input, type);                                                                      \
        if (!kph_found || !kph_allowed(kph_enter(kph_found, any), type))                                               \
            SWIG_fail;                                                                                                 \
        (handle) = kph_found;                                                                                          \
    } while (0)
#define KPH_CLOSE(input, type)                                                                                         \
    do {                                                                                                               \
        kph *kph_found = kph_handle(input, type);                                                                      \
        if (!kph_found || !kph_allowed(kph_close(kph_found), type))                                                    \
            SWIG_fail;                                                                                                 \
    } while (0)
#define KPH_REFUSE(text)                                                                                               \
    do {                                                                                                               \
        PyErr_SetString(PyExc_ValueError, text);                                                                       \
        SWIG_fail;                                                                                                     \
    } while (0)
%}
%define KPH_RESULT(it, type, needs)
$result = kph_capsule(kph_new(type, (void *)it, needs));
if (!$result)
    SWIG_fail;
%enddef

/* ---- Text in and out ---- */

%typemap(in) const char * {
    if (!($1 = (char *)kph_text($input)))
        SWIG_fail;
}
%typemap(in) const char *path (PyObject *bytes = NULL) {
    $1 = NULL;
    if ($input != Py_None) {
        if (!PyUnicode_FSConverter($input, &bytes))
            SWIG_fail;
        $1 = PyBytes_AS_STRING(bytes);
    }
}
%typemap(freearg) const char *path {
    Py_XDECREF(bytes$argnum);
}
%typemap(freearg) const char * "";
%typemap(out) const char * {
    $result = kph_str($1, $1 ? strlen($1) : 0);
    if (!$result)
        SWIG_fail;
}

%typemap(in) (const char *value, size_t len) (Py_buffer view = {0}, const char *data = NULL, size_t size = 0) {
    if (!kph_bytes($input, &view, &data, &size))
        SWIG_fail;
    $1 = (char *)data;
    $2 = size;
}
%typemap(freearg) (const char *value, size_t len) {
    PyBuffer_Release(&view$argnum);
}
%apply (const char *value, size_t len) { (const char *json, size_t len), (const char *text, size_t len) };
/* None: NULL. */
%typemap(in) (const char *given, size_t len) (Py_buffer view = {0}, const char *data = NULL, size_t size = 0) {
    if ($input != Py_None && !kph_bytes($input, &view, &data, &size))
        SWIG_fail;
    $1 = (char *)data;
    $2 = size;
}
%typemap(freearg) (const char *given, size_t len) = (const char *value, size_t len);

/* Results beside the result: texts; the length that belongs to the result. */
%typemap(in, numinputs=0) const char ** (const char *text = NULL) {
    $1 = &text;
}
%typemap(argout) const char ** {
    PyObject *more = kph_str(text$argnum, text$argnum ? strlen(text$argnum) : 0);
    if (!more)
        SWIG_fail;
    $result = SWIG_Python_AppendOutput($result, more);
}
%typemap(in, numinputs=0) size_t *len (size_t size = 0) {
    $1 = &size;
}
%typemap(out) const char *kp_op_get {
    $result = kph_str($1, size3);
    if (!$result)
        SWIG_fail;
}

/* None: the text is its own result. */
%typemap(in, numinputs=0) (const char **out, size_t *out_len) (const char *shown = NULL, size_t shown_len = 0) {
    $1 = &shown;
    $2 = &shown_len;
}
%typemap(argout) (const char **out, size_t *out_len) "";
%typemap(out) int kp_redactor_feed {
    if ($1 < 0)
        PyErr_NoMemory();
    else if ($1 == 0)
        $result = SWIG_Py_Void();
    else
        $result = PyBytes_FromStringAndSize(shown5, (Py_ssize_t)shown_len5);
    if (!$result)
        SWIG_fail;
}
