/* sign.c: signs the requests that come as lines: fields in base64 with blanks between, out comes the Authorization. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/sigv4.h"

enum {
    METHOD,
    PATH,
    QUERY,
    REGION,
    SERVICE,
    ID,
    SECRET,
    SECONDS,
    BODY,
    HEADERS,
    FIELDS = HEADERS + 2 * KP_SIGV4_HEADERS
};

/* How many fields the line has, 0 if it cannot be read. "-" is an empty one. */
static size_t take(char *line, kp_buf *field) {
    size_t count = 0;
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
        if (count == FIELDS)
            return 0;
        kp_buf_clear(&field[count]);
        if (strcmp(word, "-") != 0 && !kp_decode_base64(&field[count], word, strlen(word)))
            return 0;
        count++;
    }
    return count;
}

int main(void) {
    static char line[65536];
    static kp_buf field[FIELDS], out;
    while (fgets(line, sizeof line, stdin)) {
        size_t count = take(line, field);
        if (count < HEADERS)
            return 1;
        kp_sigv4 s = {.method = kp_buf_text(&field[METHOD]),
                      .path = kp_buf_text(&field[PATH]),
                      .path_len = field[PATH].len,
                      .query = kp_buf_text(&field[QUERY]),
                      .query_len = field[QUERY].len,
                      .region = kp_buf_text(&field[REGION]),
                      .service = kp_buf_text(&field[SERVICE]),
                      .access_id = kp_buf_text(&field[ID]),
                      .secret = kp_buf_text(&field[SECRET]),
                      .secret_len = field[SECRET].len,
                      .unix_ms = atoll(kp_buf_text(&field[SECONDS])) * 1000,
                      .body = kp_buf_text(&field[BODY]),
                      .body_len = field[BODY].len};
        for (size_t i = HEADERS; i + 1 < count; i += 2)
            s.header[s.header_count++] = (kp_sigv4_header){kp_buf_text(&field[i]), kp_buf_text(&field[i + 1])};
        kp_buf_clear(&out);
        if (!kp_sigv4_authorization(&s, &out))
            return 1;
        puts(kp_buf_text(&out));
    }
    return 0;
}
