/* interrupt.h: noticing Ctrl-C: the interpreters' signal handler sets a debug hook that throws at the next instruction.
 */
#ifndef KPL_INTERRUPT_H
#define KPL_INTERRUPT_H

#include "module.h"

typedef struct kpl_watch {
    lua_State *main; /* the thread whose hook the handler sets */
    lua_Hook hook;
    int mask, count;
} kpl_watch;

void kpl_watch_begin(lua_State *, kpl_watch *);
/* Throws if there was an interrupt since. A hook that somebody else set is let be. */
void kpl_watch_look(lua_State *, kpl_watch *);

#endif
