/* store_fork.h: keeps fork out of the stores' critical sections, so that a child never inherits one half done: neither
 * our own mutexes nor the file locks that SQLite believes the process to hold. */
#ifndef KP_LOCAL_STORE_FORK_H
#define KP_LOCAL_STORE_FORK_H

/* From here to kp_fork_leave no fork takes place. Sections of several threads overlap; one thread never nests them.
   They must be short, because a fork waits for them. */
void kp_fork_enter(void);
/* The same, and no other thread of this process is in a section: for closing a descriptor of a file on which another
   handle of the process may hold POSIX locks, which go with any close. */
void kp_fork_enter_alone(void);
void kp_fork_leave(void);

#endif
