/* sandbox.h: the command `keyplate sandbox`: both services offline, on one port. */
#ifndef KP_APP_SANDBOX_H
#define KP_APP_SANDBOX_H

/* Runs until SIGINT or SIGTERM. argv[0] is "sandbox"; returns the exit status: 0 done, 2 wrong use (an option, a file
   that an option names), 5 when the machine refuses (port in use, no memory). */
int kp_app_sandbox(int argc, char **argv);

#endif
