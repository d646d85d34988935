/* audit_chain.c: seals lines of the audit record, reads seals back, and makes checkpoints of how far a chain has come.
 */
#include "policy/audit_chain.h"

#include <string.h>

#include "base/text.h"
#include "safe/crypto.h"
#include "safe/hmac.h"
#include "wire/json.h"

enum { DIGITS_MOST = 18, SHA_SIZE = 32 };

static const char before_first[] = ",\"first\":true";
static const char before_seq[] = ",\"seq\":";
static const char before_prev[] = ",\"prev\":\"";
static const char before_mac[] = ",\"mac\":\"";
static const char behind_mac[] = "\"}";
static const char record_start[] = "{\"@timestamp\":\"";
/* A record begins with its time, so no seal of a record can be taken for one of a checkpoint. */
static const char checkpoint_purpose[] = "keyplate/audit/checkpoint/1/";
static const char key_purpose[] = "keyplate/audit/key/1";

#define LEN(text) (sizeof(text) - 1)

void kp_chain_key_make(const char *secret, size_t len, kp_chain_key *out) {
    if (out)
        kp_hmac_sha256(secret, len, key_purpose, LEN(key_purpose), out->bytes);
}

static void add_mac(const kp_chain_key *key, const char *text, size_t len, kp_buf *out) {
    unsigned char mac[SHA_SIZE];
    kp_hmac_sha256_fast(key->bytes, text, len, mac);
    kp_add_hex(out, mac, sizeof mac);
}

static bool is_mac(const char *text) {
    unsigned odd = 0;
    for (size_t i = 0; i < KP_CHAIN_MAC_SIZE; i++) {
        unsigned c = (unsigned char)text[i];
        odd |= (unsigned)(c - '0' > 9) & (unsigned)(c - 'a' > 5);
    }
    return odd == 0;
}

/* Moves *end of the text to before the part if the text ends with it. */
static bool take_back(const char *text, size_t *end, const char *part, size_t len) {
    if (*end < len || memcmp(text + *end - len, part, len) != 0)
        return false;
    *end -= len;
    return true;
}

static bool take_mac_back(const char *text, size_t *end, const char **mac) {
    if (*end < KP_CHAIN_MAC_SIZE || !is_mac(text + *end - KP_CHAIN_MAC_SIZE))
        return false;
    *end -= KP_CHAIN_MAC_SIZE;
    *mac = text + *end;
    return true;
}

/* A number from 1 on, without zeros in front. */
static bool take_number_back(const char *text, size_t *end, uint64_t *number) {
    uint64_t value = 0, unit = 1;
    size_t at = *end;
    while (at > 0 && *end - at < DIGITS_MOST && kp_is_digit(text[at - 1])) {
        value += (uint64_t)(text[--at] - '0') * unit;
        unit *= 10;
    }
    if (at == *end || text[at] == '0')
        return false;
    *end = at;
    *number = value;
    return true;
}

static bool read_seal(const char *line, size_t len, kp_seal *out) {
    kp_seal seal = {0};
    size_t end = len;
    if (!take_back(line, &end, behind_mac, LEN(behind_mac)) || !take_mac_back(line, &end, &seal.mac) ||
        !take_back(line, &end, before_mac, LEN(before_mac)))
        return false;
    seal.covered = end;
    if (!take_back(line, &end, "\"", 1) || !take_mac_back(line, &end, &seal.prev) ||
        !take_back(line, &end, before_prev, LEN(before_prev)) || !take_number_back(line, &end, &seal.seq) ||
        !take_back(line, &end, before_seq, LEN(before_seq)))
        return false;
    seal.first = take_back(line, &end, before_first, LEN(before_first));
    *out = seal;
    return end > 1 && line[0] == '{';
}

/* Power that fails can leave zeros in place of what was not written yet. */
static bool is_torn(const char *line, size_t len) {
    while (len > 0 && line[len - 1] == '\0')
        len--;
    size_t head = len < LEN(record_start) ? len : LEN(record_start);
    return memcmp(line, record_start, head) == 0 && kp_json_parse(line, len, NULL).type == KP_JSON_NONE;
}

kp_line_kind kp_line_read(const char *line, size_t len, kp_seal *seal) {
    kp_seal own;
    if (!line || len == 0)
        return KP_LINE_EMPTY;
    if (read_seal(line, len, seal ? seal : &own))
        return KP_LINE_SEALED;
    return is_torn(line, len) ? KP_LINE_TORN : KP_LINE_UNSEALED;
}

/* Before the first line there are zeros. */
static void add_mac_of(const kp_chain_end *end, kp_buf *out) {
    for (size_t i = 0; end->seq == 0 && i < KP_CHAIN_MAC_SIZE; i++)
        kp_buf_char(out, '0');
    kp_buf_add(out, end->mac, end->seq > 0 ? KP_CHAIN_MAC_SIZE : 0);
}

/* It is of one size, so that room is taken once. */
enum { SEAL_ROOM = 13 + 7 + DIGITS_MOST + 9 + KP_CHAIN_MAC_SIZE + 1 + 8 + KP_CHAIN_MAC_SIZE + 3 };

bool kp_chain_seal(const kp_chain_key *key, const char *line, size_t len, bool first, kp_chain_end *end, kp_buf *out) {
    static const uint64_t seq_most = 999999999999999999;
    while (line && len > 0 && line[len - 1] == '\n')
        len--;
    if (!key || !line || !end || !out || len < 3 || line[0] != '{' || line[len - 1] != '}' || end->seq >= seq_most)
        return false;
    size_t start = out->len;
    kp_buf_reserve(out, len + SEAL_ROOM);
    kp_buf_add(out, line, len - 1);
    kp_buf_str(out, first ? before_first : "");
    kp_buf_str(out, before_seq);
    kp_buf_i64(out, (int64_t)end->seq + 1);
    kp_buf_str(out, before_prev);
    add_mac_of(end, out);
    kp_buf_char(out, '"');
    if (out->failed)
        return false;
    size_t covered = out->len - start;
    kp_buf_str(out, before_mac);
    add_mac(key, out->data + start, covered, out);
    kp_buf_str(out, behind_mac);
    kp_buf_char(out, '\n');
    if (out->failed)
        return false;
    end->seq++;
    memcpy(end->mac, out->data + start + covered + LEN(before_mac), KP_CHAIN_MAC_SIZE);
    end->mac[KP_CHAIN_MAC_SIZE] = '\0';
    return true;
}

/* What a checkpoint says without its seal. */
static void add_checkpoint_head(const kp_chain_end *end, kp_buf *out) {
    kp_buf_str(out, "{\"seq\":");
    kp_buf_i64(out, (int64_t)end->seq);
    kp_buf_str(out, before_mac);
    add_mac_of(end, out);
    kp_buf_char(out, '"');
}

static bool seal_checkpoint(const kp_chain_key *key, const kp_chain_end *end, kp_buf *out) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_str(&text, checkpoint_purpose);
    add_checkpoint_head(end, &text);
    if (text.failed)
        out->failed = true;
    else
        add_mac(key, text.data, text.len, out);
    kp_buf_free(&text);
    return !out->failed;
}

void kp_checkpoint_add(const kp_chain_key *key, const kp_chain_end *end, kp_buf *out) {
    if (!key || !end || !out)
        return;
    add_checkpoint_head(end, out);
    kp_buf_str(out, ",\"seal\":\"");
    seal_checkpoint(key, end, out);
    kp_buf_str(out, behind_mac);
}

static bool take(const char **text, size_t *len, const char *part, size_t part_len) {
    if (*len < part_len || memcmp(*text, part, part_len) != 0)
        return false;
    *text += part_len;
    *len -= part_len;
    return true;
}

static bool take_mac(const char **text, size_t *len, const char **mac) {
    if (*len < KP_CHAIN_MAC_SIZE || !is_mac(*text))
        return false;
    *mac = *text;
    *text += KP_CHAIN_MAC_SIZE;
    *len -= KP_CHAIN_MAC_SIZE;
    return true;
}

static bool is_sealed(const kp_chain_key *key, const kp_chain_end *end, const char *seal) {
    kp_buf own;
    kp_buf_init(&own, NULL);
    bool same = seal_checkpoint(key, end, &own) && kp_equal(own.data, seal, KP_CHAIN_MAC_SIZE);
    kp_buf_free(&own);
    return same;
}

bool kp_checkpoint_read(const kp_chain_key *key, const char *text, size_t len, kp_chain_end *out, bool *sealed) {
    static const char start[] = "{\"seq\":", before_seal[] = "\",\"seal\":\"";
    const char *mac = NULL, *seal = NULL;
    int64_t seq = 0;
    size_t digits = 0;
    if (!text || !take(&text, &len, start, LEN(start)))
        return false;
    while (digits < len && digits <= DIGITS_MOST && kp_is_digit(text[digits]))
        digits++;
    if (digits > DIGITS_MOST || !kp_parse_i64(text, digits, &seq) || seq < 1 || text[0] == '0')
        return false;
    text += digits;
    len -= digits;
    if (!take(&text, &len, before_mac, LEN(before_mac)) || !take_mac(&text, &len, &mac) ||
        !take(&text, &len, before_seal, LEN(before_seal)) || !take_mac(&text, &len, &seal) ||
        !take(&text, &len, behind_mac, LEN(behind_mac)) || len > 0)
        return false;
    kp_chain_end end = {.seq = (uint64_t)seq};
    memcpy(end.mac, mac, KP_CHAIN_MAC_SIZE);
    if (sealed)
        *sealed = key && is_sealed(key, &end, seal);
    if (out)
        *out = end;
    return true;
}

void kp_chain_find_end(const kp_chain_key *key, const char *text, size_t len, kp_chain_end *out, bool *first) {
    kp_chain_end found = {0}, checkpoint = {0};
    kp_seal seal;
    bool is_first = true, sealed = false;
    if (!text)
        len = 0;
    for (size_t end = len, start; is_first && end > 0; end = start > 0 ? start - 1 : 0) {
        const char *before = memrchr(text, '\n', end);
        start = before ? (size_t)(before - text) + 1 : 0;
        if (!read_seal(text + start, end - start, &seal))
            continue;
        is_first = false;
        found.seq = seal.seq;
        memcpy(found.mac, seal.mac, KP_CHAIN_MAC_SIZE);
    }
    const char *line_end = len > 0 ? memchr(text, '\n', len) : NULL;
    size_t line = line_end ? (size_t)(line_end - text) : len;
    /* The seal is looked at only where it matters. */
    if (kp_checkpoint_read(NULL, text, line, &checkpoint, NULL) && checkpoint.seq > found.seq &&
        kp_checkpoint_read(key, text, line, &checkpoint, &sealed) && sealed)
        found = checkpoint;
    if (out)
        *out = found;
    if (first)
        *first = is_first;
}
