/* sandbox_server.h: the HTTP server of the sandbox. */
#ifndef KP_APP_SANDBOX_SERVER_H
#define KP_APP_SANDBOX_SERVER_H

#include "app/sandbox_script.h"
#include "app/sandbox_service.h"

typedef struct sandbox_server sandbox_server;

/* Serves on a socket that listens and does not block; it is closed at the end. script may be NULL; cert and key are PEM
   texts, NULL for plain HTTP. All are lent until the stop. NULL: it cannot start (the socket stays open). */
sandbox_server *sandbox_server_start(sandbox_service *, sandbox_script *script, int listener, const char *cert,
                                     const char *key);
/* Ends all connections and threads. */
void sandbox_server_stop(sandbox_server *);

#endif
