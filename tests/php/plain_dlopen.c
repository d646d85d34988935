/* plain_dlopen.c: put in front of PHP under sanitizers: PHP opens extensions with names of their own (RTLD_DEEPBIND),
 * which sanitizers refuse. */
#include <dlfcn.h>
#include <stddef.h>

__attribute__((visibility("default"))) void *dlopen(const char *path, int flags) {
    static void *(*real)(const char *, int);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "dlopen");
    return real(path, flags & ~RTLD_DEEPBIND);
}
