/* paths.h: where the state of this host is kept. */
#ifndef KP_LOCAL_PATHS_H
#define KP_LOCAL_PATHS_H

#include <stdbool.h>

#include "base/buf.h"

/* Adds the folder of the state, made with mode 0700 (0770 where it is shared by a group) if need be:
   KEYPLATE_STATE_DIR; else /var/lib/keyplate if it exists and can be written; else $XDG_STATE_HOME/keyplate,
   ~/.local/state/keyplate; else a private folder under the temporary directory (owner and mode checked, no link
   followed): keyplate-UID, or the first of keyplate-UID-1 to -9 that is not somebody else's. false with a sentence in
   *problem. *note (may be NULL) says what was passed over and why. */
bool kp_state_dir(kp_buf *out, kp_buf *note, kp_buf *problem);
/* The same with another folder in place of /var/lib/keyplate, for tests. */
bool kp_state_dir_with(const char *system_dir, kp_buf *out, kp_buf *note, kp_buf *problem);
/* Adds the home folder: HOME, else the password database. false if there is none. */
bool kp_home_dir(kp_buf *out);

#endif
