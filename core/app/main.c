/* main.c: the command keyplate: reads the command line and calls the command. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "app/cmd_env.h"
#include "app/cmd_say.h"
#include "app/sandbox.h"
#include "net/heap.h"

/* A closed standard stream must stay one that fails: else the next file that is opened, the state database perhaps,
   gets its number, and answers are written into it. */
static void hold_streams(void) {
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0) {
            int held = open("/dev/null", modes[fd]);
            if (held != fd)
                _exit(CMD_TROUBLE);
        }
}

int cmd_sandbox(cmd_app *app) {
    app->args[-1] = "sandbox";
    return kp_app_sandbox(app->arg_count + 1, app->args - 1);
}

int main(int argc, char **argv) {
    cmd_app app = {0};
    kp_heap_guard_openssl(); /* before anything can use OpenSSL */
    hold_streams();
    signal(SIGPIPE, SIG_IGN);
    cmd_env_hide_known();
    int status = cmd_read_line(&app, argc, argv);
    if (status != CMD_DONE)
        return status;
    if (cmd_on(&app, CMD_VERSION))
        return cmd_version(&app);
    if (!app.row || cmd_on(&app, CMD_HELP))
        return cmd_help(&app);
    return app.row->run(&app);
}
