/* leaky.c: a program with leaks planted on purpose: the oracle has to find each of them, and nothing where none is.
 *
 * It speaks the oracle's verbs without the library: it holds a key well, makes one call, and leaks as the word
 * "plant=NAME" of the call says.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROOM = 4096, LINE_ROOM = 8192, WORDS = 16, FRAGMENT = 8 };

static char *key;     /* in a room that no core dump has */
static char *request; /* the same */
static char kept[ROOM];
static pid_t child;

static char *new_room(void) {
    char *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED || madvise(room, ROOM, MADV_DONTDUMP) != 0)
        exit(70);
    return room;
}

/* Ends with a line end. */
static void read_key(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, key, ROOM - 1);
    if (n <= 0)
        exit(70);
    close(fd);
    key[n - 1] = '\0';
}

/* A connection to http://ADDRESS:PORT of a variable. */
static int reach(const char *variable) {
    const char *url = getenv(variable), *port = url ? strrchr(url, ':') : NULL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_port = htons((uint16_t)(port ? strtoul(port + 1, NULL, 10) : 0));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        exit(70);
    return fd;
}

/* Byte by byte: what copies strings fast leaves pieces of them in vector registers, and those end on the stack. */
static size_t add(size_t at, const char *text) {
    for (const volatile char *c = text; *c; c++)
        request[at++] = *c;
    return at;
}

static void call(void) {
    char answer[ROOM];
    int fd = reach("CAPTCHAAI_URL");
    size_t len = add(add(add(0, "GET /res.php?key="), key), "&action=getbalance HTTP/1.1\r\nHost: a\r\n\r\n");
    if (send(fd, request, len, 0) == (ssize_t)len && recv(fd, answer, sizeof answer, 0) > 0)
        printf("answered\n");
    close(fd);
}

/* ---- The leaks ---- */

static FILE *open_in(const char *variable, const char *name) {
    char path[ROOM];
    snprintf(path, sizeof path, "%s/%s", getenv(variable), name);
    FILE *file = fopen(path, "w");
    if (!file)
        exit(70);
    setvbuf(file, NULL, _IONBF, 0); /* a stream's buffer would be one leak more */
    return file;
}

static void leak_url_in_error(void) {
    fprintf(stderr, "leaky: the call to http://127.0.0.1/res.php?key=%s failed\n", key);
}

static void leak_to_core(void) {
    memcpy(kept, key, strlen(key));
}

static void leak_base64(void) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0;
    int count = 0;
    fputs("> Authorization: Basic ", stderr);
    for (const char *parts[] = {"me:", key}, **part = parts; part < parts + 2; part++)
        for (const char *c = *part; *c; c++) {
            bits = bits << 8 | (unsigned char)*c;
            for (count += 8; count >= 6; count -= 6)
                fputc(digits[bits >> (count - 6) & 63], stderr);
        }
    if (count > 0)
        fputc(digits[bits << (6 - count) & 63], stderr);
    fputc('\n', stderr);
}

static void leak_percent(void) {
    fputs("leaky: sent key=", stderr);
    for (const char *c = key; *c; c++)
        fprintf(stderr, "%%%02X", (unsigned)(unsigned char)*c);
    fputc('\n', stderr);
}

static void leak_upper_hex(void) {
    FILE *file = open_in("HOME", "trace.log");
    for (const char *c = key; *c; c++)
        fprintf(file, "%02X", (unsigned)(unsigned char)*c);
    fclose(file);
}

static void leak_fragment(void) {
    FILE *file = open_in("TMPDIR", "audit.log");
    fprintf(file, "2026-11-20 used key %.*s...\n", FRAGMENT, key + strlen(key) / 2 - FRAGMENT / 2);
    fclose(file);
}

static void leak_utf16_to_database(void) {
    char path[ROOM], wide[ROOM];
    size_t len = strlen(key);
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    for (size_t i = 0; i < len; i++)
        wide[2 * i] = key[i], wide[2 * i + 1] = '\0';
    snprintf(path, sizeof path, "%s/state.db", getenv("HOME"));
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, "CREATE TABLE t (b BLOB)", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO t VALUES (?)", -1, &insert, NULL) != SQLITE_OK ||
        sqlite3_bind_blob(insert, 1, wide, (int)(2 * len), SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_step(insert) != SQLITE_DONE)
        exit(70);
    sqlite3_finalize(insert);
    sqlite3_close(db);
    explicit_bzero(wide, sizeof wide);
}

/* A program that waits for the end of this one, with the key in its environment. */
static void leak_to_child(void) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        exit(70);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[0], STDIN_FILENO);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        setenv("API_KEY", key, 1);
        execlp("cat", "cat", (char *)NULL);
        _exit(70);
    }
    close(ends[0]);
}

static void leak_to_freed_heap(void) {
    char *block = malloc(LINE_ROOM);
    static char *fence;
    fence = malloc(1); /* so that the block is not given back to the top of the heap and written over */
    if (!block || !fence)
        exit(70);
    memcpy(block + LINE_ROOM / 2, key, strlen(key) + 1);
    __asm__ volatile("" : : "r"(block) : "memory"); /* the compiler may not leave the copy out */
    free(block);
}

static void leak_to_second_connection(void) {
    int fd = reach("http_proxy");
    if (send(fd, key, 1, 0) != 1)
        exit(70);
    close(fd);
}

/* ---- Leaks of credentials of stores: they lie in files of the home folder, and take the place of the key ---- */

static void read_credential(const char *name) {
    char path[ROOM];
    snprintf(path, sizeof path, "%s/%s", getenv("HOME"), name);
    read_key(path);
}

/* The call that follows sends it. */
static void leak_token_to_service(void) {
    read_credential(".vault-token");
}

static void leak_token_to_other_store(void) {
    char answer[ROOM];
    read_credential(".vault-token");
    int fd = reach("OTHER_STORE");
    size_t len = add(add(add(0, "GET /secret HTTP/1.1\r\nHost: a\r\nAuthorization: "), key), "\r\n\r\n");
    if (send(fd, request, len, 0) != (ssize_t)len || recv(fd, answer, sizeof answer, 0) <= 0)
        exit(70);
    close(fd);
    explicit_bzero(key, ROOM);
}

static void leak_prime_to_core(void) {
    read_credential("prime");
    memcpy(kept, key, ROOM);
    explicit_bzero(key, ROOM);
}

static void leak_session_to_child(void) {
    read_credential("session");
    leak_to_child();
    explicit_bzero(key, ROOM);
}

static void leak_assertion(void) {
    read_credential("assertion");
    leak_percent();
    explicit_bzero(key, ROOM);
}

/* The variables are left as they are. */
static void leak_environment(void) {
}

static void leak_to_system_call(void) {
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (write(fd, key, strlen(key)) < 0)
        exit(70);
    close(fd);
}

static const struct {
    const char *name;
    void (*leak)(void);
} plants[] = {{"url in an error", leak_url_in_error},
              {"core dump", leak_to_core},
              {"base64 in a trace", leak_base64},
              {"percent on stderr", leak_percent},
              {"upper-case hex in a file", leak_upper_hex},
              {"fragment in a log", leak_fragment},
              {"UTF-16 in a database", leak_utf16_to_database},
              {"environment of a child", leak_to_child},
              {"freed heap", leak_to_freed_heap},
              {"second connection", leak_to_second_connection},
              {"system call", leak_to_system_call},
              {"a token to the service", leak_token_to_service},
              {"a token to another store", leak_token_to_other_store},
              {"a prime in a core dump", leak_prime_to_core},
              {"a session token in a child", leak_session_to_child},
              {"an assertion on stderr", leak_assertion},
              {"a variable that is not hidden", leak_environment}};

static void plant(const char *name) {
    for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++)
        if (strcmp(plants[i].name, name) == 0) {
            plants[i].leak();
            return;
        }
    exit(70);
}

/* ---- Verbs ---- */

static void close_all(void) {
    explicit_bzero(kept, sizeof kept);
    explicit_bzero(key, ROOM);
    explicit_bzero(request, ROOM);
}

static void obey(char **words, int count) {
    if (strcmp(words[0], "key") == 0 && count == 3)
        read_key(words[2]);
    if (strcmp(words[0], "call") == 0) {
        for (int i = 2; i < count; i++)
            if (strncmp(words[i], "plant=", 6) == 0)
                plant(words[i] + 6);
        call();
    }
    if (strcmp(words[0], "close") == 0)
        close_all();
}

int main(void) {
    static char line[LINE_ROOM];
    setvbuf(stdin, NULL, _IONBF, 0);
    setvbuf(stderr, NULL, _IONBF, 0);
    key = new_room();
    request = new_room();
    while (fgets(line, sizeof line, stdin)) {
        char *words[WORDS], *rest = line;
        int count = 0;
        line[strcspn(line, "\n")] = '\0';
        while (count < WORDS && (words[count] = strsep(&rest, "\t")))
            count++;
        obey(words, count);
        printf("ok\n");
        fflush(stdout);
    }
    close_all();
    if (child > 0)
        kill(child, SIGKILL), waitpid(child, NULL, 0);
    return 0;
}
