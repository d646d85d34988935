/* handle.c: handles of pointers: entered, left, closed in any order. */
#include "handle.h"

#include <stdlib.h>

kph *kph_new(const kph_type *type, void *it, kph *needs) {
    kph *handle = it ? calloc(1, sizeof *handle) : NULL;
    if (!handle) {
        if (it && type->free_it)
            type->free_it(it);
        return NULL;
    }
    *handle = (kph){.type = type, .it = it, .needs = needs};
    if (needs)
        needs->users++;
    return handle;
}

/* What nobody uses is freed, and then what it needed, if that waited only for this. */
static void settle(kph *handle) {
    while (handle && handle->users == 0 && (handle->closed || handle->dropped)) {
        kph *needs = handle->needs;
        if (handle->it && handle->type->free_it)
            handle->type->free_it(handle->it);
        handle->it = NULL;
        handle->needs = NULL;
        if (handle->dropped)
            free(handle);
        if (needs)
            needs->users--;
        handle = needs;
    }
}

kph_use kph_enter(kph *handle, bool any) {
    if (handle->closed || !handle->it)
        return KPH_CLOSED;
    if (handle->type->alone && handle->users > 0 && !any)
        return KPH_BUSY;
    handle->users++;
    return KPH_OK;
}

void kph_leave(kph *handle) {
    if (!handle)
        return;
    handle->users--;
    settle(handle);
}

bool kph_bind(kph *handle, kph *needs) {
    if (handle->needs)
        return handle->needs == needs;
    handle->needs = needs;
    needs->users++;
    return true;
}

kph_use kph_close(kph *handle) {
    if (handle->type->alone && handle->users > 0)
        return KPH_BUSY;
    handle->closed = true;
    settle(handle);
    return KPH_OK;
}

void kph_drop(kph *handle) {
    if (!handle)
        return;
    handle->dropped = true;
    settle(handle);
}
