/* ca.h: finds the CA certificates that this machine trusts, for a libcurl that was built for another one. */
#ifndef KP_NET_CA_H
#define KP_NET_CA_H

#include "base/buf.h"

typedef enum kp_ca { KP_CA_NONE = 0, KP_CA_DEFAULT, KP_CA_FOLDER, KP_CA_FILE } kp_ca;

/* Looks for what libcurl was built with, file and folder (each may be NULL): KP_CA_DEFAULT if the file can be used, and
   else KP_CA_FOLDER if the folder can. Then for the files of the systems that we know, in one order: KP_CA_FILE. The
   place that was found is in *path, in place of what was there. Every path is looked for below root (NULL: none), which
   is for tests. KP_CA_NONE: there is nothing, or memory is short (*path failed). Reads no environment. */
kp_ca kp_ca_find(const char *root, const char *file, const char *folder, kp_buf *path);

#endif
