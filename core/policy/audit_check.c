/* audit_check.c: checks a chain of audit lines, line by line, and names the first one that is wrong. */
#include <string.h>

#include "policy/audit_chain.h"
#include "safe/hmac.h"

void kp_chain_check_start(kp_chain_check *check, const kp_chain_key *key) {
    if (!check)
        return;
    memset(check, 0, sizeof *check);
    if (key)
        check->key = *key;
}

void kp_chain_check_file(kp_chain_check *check) {
    if (!check)
        return;
    check->files++;
    check->file_line = check->file_records = 0;
}

/* The first fault stays; line 0: the end. */
static bool note(kp_chain_check *check, kp_chain_fault fault, uint64_t line, uint64_t seq) {
    check->faults++;
    if (check->fault != KP_CHAIN_SOUND)
        return false;
    check->fault = fault;
    check->fault_file = check->files > 0 ? check->files - 1 : 0;
    check->fault_line = line;
    check->fault_seq = seq;
    return true;
}

static bool holds(const kp_chain_check *check, const char *line, const kp_seal *seal) {
    static const char digits[] = "0123456789abcdef";
    unsigned char mac[KP_CHAIN_MAC_SIZE / 2];
    char text[KP_CHAIN_MAC_SIZE];
    kp_hmac_sha256_fast(check->key.bytes, line, seal->covered, mac);
    for (size_t i = 0; i < sizeof mac; i++) {
        text[2 * i] = digits[mac[i] >> 4];
        text[2 * i + 1] = digits[mac[i] & 15];
    }
    return memcmp(text, seal->mac, sizeof text) == 0;
}

static bool is_prev(const kp_chain_check *check, const kp_seal *seal) {
    return memcmp(seal->prev, check->last.mac, KP_CHAIN_MAC_SIZE) == 0;
}

/* The next line has to name this one. Of a line whose seal does not hold the place counts, not what it says. */
static void follow(kp_chain_check *check, const kp_seal *seal, bool held) {
    check->last.seq = held || !check->has_last ? seal->seq : check->last.seq + 1;
    memcpy(check->last.mac, seal->mac, KP_CHAIN_MAC_SIZE);
    check->last.mac[KP_CHAIN_MAC_SIZE] = '\0';
    check->has_last = true;
}

/* A line that was there before: a copy, or one that was missed farther up. */
static bool note_back(kp_chain_check *check, const kp_seal *seal) {
    bool missed = (check->fault == KP_CHAIN_REMOVED || check->fault == KP_CHAIN_REORDERED) &&
                  seal->seq >= check->from && seal->seq <= check->to;
    if (missed && check->fault == KP_CHAIN_REMOVED) {
        check->fault = KP_CHAIN_REORDERED;
        check->from = seal->seq;
        check->moved_to = check->file_line;
        check->moved_file = check->files > 0 ? check->files - 1 : 0;
    }
    if (missed)
        check->faults++;
    else
        note(check, KP_CHAIN_INSERTED, check->file_line, seal->seq);
    return false;
}

static bool check_order(kp_chain_check *check, const kp_seal *seal) {
    bool opens = check->file_records == 1;
    if (!check->has_last) {
        check->first_seq = seal->seq;
        if (seal->seq == 1 || seal->first)
            return true;
        note(check, KP_CHAIN_HEAD_CUT, check->file_line, seal->seq);
        return false;
    }
    if (opens && seal->seq == 1) {
        note(check, KP_CHAIN_REPLACED, check->file_line, seal->seq);
        return false;
    }
    if (seal->seq > check->last.seq + 1) {
        if (note(check, KP_CHAIN_REMOVED, check->file_line, seal->seq)) {
            check->from = check->last.seq + 1;
            check->to = seal->seq - 1;
        }
        return false;
    }
    if (is_prev(check, seal))
        return true;
    note(check, KP_CHAIN_REPLACED, check->file_line, seal->seq);
    return false;
}

static bool check_sealed(kp_chain_check *check, const char *line, const kp_seal *seal) {
    check->records++;
    check->file_records++;
    if (!holds(check, line, seal)) {
        note(check, KP_CHAIN_EDITED, check->file_line, seal->seq);
        if (!check->has_last)
            check->first_seq = seal->seq;
        follow(check, seal, false);
        return false;
    }
    check->held = true;
    bool restarts = check->file_records == 1 && seal->seq == 1;
    if (check->has_last && seal->seq <= check->last.seq && !restarts)
        return note_back(check, seal);
    bool sound = check_order(check, seal);
    follow(check, seal, true);
    return sound;
}

kp_line_kind kp_chain_check_line(kp_chain_check *check, const char *line, size_t len, bool *sound) {
    kp_seal seal = {0};
    bool is_sound = true;
    kp_line_kind kind = kp_line_read(line, len, &seal);
    if (!check)
        return kind;
    check->lines++;
    check->file_line++;
    if (kind == KP_LINE_TORN)
        check->torn++;
    else if (kind == KP_LINE_UNSEALED) {
        is_sound = false;
        note(check, KP_CHAIN_INSERTED, check->file_line, 0);
    } else if (kind == KP_LINE_SEALED)
        is_sound = check_sealed(check, line, &seal);
    if (sound)
        *sound = is_sound;
    return kind;
}

void kp_chain_check_end(kp_chain_check *check, const char *checkpoint, size_t len) {
    kp_chain_end end;
    bool sealed = false;
    if (!check || !checkpoint)
        return;
    if (!kp_checkpoint_read(&check->key, checkpoint, len, &end, &sealed) || !sealed) {
        note(check, KP_CHAIN_CHECKPOINT, 0, 0);
        return;
    }
    check->held = true;
    if (end.seq > check->last.seq) {
        if (note(check, KP_CHAIN_TAIL_CUT, 0, end.seq)) {
            check->from = check->last.seq + 1;
            check->to = end.seq;
        }
    } else if (end.seq == check->last.seq && memcmp(end.mac, check->last.mac, KP_CHAIN_MAC_SIZE) != 0)
        note(check, KP_CHAIN_CHECKPOINT, 0, end.seq);
}

static void add_range(const kp_chain_check *check, kp_buf *out) {
    if (check->from == check->to)
        kp_buf_fmt(out, "record %llu", (unsigned long long)check->from);
    else
        kp_buf_fmt(out, "records %llu to %llu", (unsigned long long)check->from, (unsigned long long)check->to);
}

void kp_chain_fault_text(const kp_chain_check *check, kp_buf *out) {
    if (!check || !out)
        return;
    const char *verb = check->from == check->to ? "is" : "are";
    switch (check->fault) {
    case KP_CHAIN_SOUND: break;
    case KP_CHAIN_EDITED:
        kp_buf_str(out, check->held ? "its seal does not hold: it was changed"
                                    : "its seal does not hold: it was changed, or sealed with another key");
        break;
    case KP_CHAIN_REMOVED:
        add_range(check, out);
        kp_buf_fmt(out, " %s missing before it", verb);
        break;
    case KP_CHAIN_REORDERED:
        kp_buf_fmt(out, "the order was changed: record %llu stands farther down, in line %llu",
                   (unsigned long long)check->from, (unsigned long long)check->moved_to);
        break;
    case KP_CHAIN_INSERTED:
        kp_buf_str(out, check->fault_seq ? "it was inserted: a copy of a record that was there before"
                                         : "it was inserted: it has no seal");
        break;
    case KP_CHAIN_REPLACED:
        kp_buf_str(out, check->fault_seq == 1
                            ? "the chain begins anew here, though records were before it"
                            : "its seal holds, but it was not sealed behind the record that is before it now");
        break;
    case KP_CHAIN_HEAD_CUT:
        kp_buf_str(out, "the file does not begin with its first record: what was before it was removed");
        break;
    case KP_CHAIN_TAIL_CUT:
        kp_buf_str(out, "the end was cut: ");
        add_range(check, out);
        kp_buf_fmt(out, " %s missing", verb);
        break;
    case KP_CHAIN_CHECKPOINT:
        kp_buf_str(out, check->fault_seq ? "the checkpoint tells another last record"
                                         : "the checkpoint was changed, or sealed with another key");
        break;
    }
}

const char *kp_chain_fault_name(kp_chain_fault fault) {
    static const char *const names[] = {
        [KP_CHAIN_SOUND] = "sound",         [KP_CHAIN_EDITED] = "edited",     [KP_CHAIN_REMOVED] = "removed",
        [KP_CHAIN_REORDERED] = "reordered", [KP_CHAIN_INSERTED] = "inserted", [KP_CHAIN_REPLACED] = "replaced",
        [KP_CHAIN_HEAD_CUT] = "head_cut",   [KP_CHAIN_TAIL_CUT] = "tail_cut", [KP_CHAIN_CHECKPOINT] = "checkpoint"};
    return (size_t)fault < sizeof names / sizeof names[0] ? names[fault] : "?";
}
