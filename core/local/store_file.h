/* store_file.h: the file that a store on disk lives in: its place, its mode, what is wrong with it. */
#ifndef KP_LOCAL_STORE_FILE_H
#define KP_LOCAL_STORE_FILE_H

/* Makes the file (empty) and its journal unless they are there: mode 0600, or 0660 with the group of its folder where
   that group may write and others may not; whatever the umask. Checks that file and folder can be written. NULL, or the
   reason why not, for ever. Call it only alone (store_fork.h). */
const char *kp_store_file_make(const char *path);

#endif
