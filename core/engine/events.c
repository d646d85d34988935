/* events.c: keeps a bounded number of events in the order in which they happened. */
#include "engine/events.h"

#include <string.h>

#include "base/mem.h"
#include "base/when.h"

struct kp_queued {
    kp_queued *next;
    int64_t unix_ms;
    kp_happening facts; /* name NULL: it is JSON already */
    size_t len;
    char text[]; /* that JSON, or the texts of the facts */
};

/* The texts of an event that are copied. */
enum { TEXTS = 7 };
typedef const char **text_list[TEXTS];

#define TEXTS_OF(h)                                                                                                    \
    { &(h)->message, &(h)->operation, &(h)->method, &(h)->key_name, &(h)->fingerprint, &(h)->task, &(h)->status }

void kp_event_queue_init(kp_event_queue *queue, size_t most) {
    *queue = (kp_event_queue){.most = most};
}

static void lose(kp_event_queue *queue, int64_t unix_ms) {
    if (queue->lost++ == 0)
        queue->lost_ms = unix_ms;
}

static void drop_first(kp_event_queue *queue) {
    kp_queued *first = queue->first;
    queue->first = first->next;
    if (!queue->first)
        queue->last = NULL;
    queue->count--;
    kp_free(first);
}

static void empty(kp_event_queue *queue) {
    while (queue->first)
        drop_first(queue);
    queue->lost = 0;
    queue->inherited = false;
}

void kp_event_queue_free(kp_event_queue *queue) {
    empty(queue);
}

/* Not in the handler of fork itself: memory is given back where that is always allowed. */
static void disinherit(kp_event_queue *queue) {
    if (queue->inherited)
        empty(queue);
}

static kp_queued *make(size_t text_len) {
    kp_queued *fresh = text_len < SIZE_MAX / 4 ? kp_alloc(sizeof *fresh + text_len) : NULL;
    if (fresh) {
        fresh->next = NULL;
        fresh->len = text_len;
    }
    return fresh;
}

/* NULL: memory was short. */
static void append(kp_event_queue *queue, kp_queued *fresh, int64_t unix_ms) {
    if (!fresh) {
        lose(queue, unix_ms);
        return;
    }
    fresh->unix_ms = unix_ms;
    if (queue->count == queue->most) {
        lose(queue, queue->first->unix_ms);
        drop_first(queue);
    }
    if (queue->last)
        queue->last->next = fresh;
    else
        queue->first = fresh;
    queue->last = fresh;
    queue->count++;
}

void kp_event_queue_add(kp_event_queue *queue, const char *json, size_t len, int64_t unix_ms) {
    disinherit(queue);
    if (queue->most == 0)
        return;
    kp_queued *fresh = json ? make(len) : NULL;
    if (fresh) {
        fresh->facts.name = NULL;
        memcpy(fresh->text, json, len);
    }
    append(queue, fresh, unix_ms);
}

void kp_event_queue_keep(kp_event_queue *queue, const kp_happening *h) {
    disinherit(queue);
    if (queue->most == 0)
        return;
    kp_happening facts = *h;
    text_list texts = TEXTS_OF(&facts);
    size_t size[TEXTS], sum = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        size[i] = *texts[i] ? strlen(*texts[i]) + 1 : 0;
        sum += size[i];
    }
    kp_queued *fresh = make(sum);
    if (fresh) {
        char *at = fresh->text;
        for (size_t i = 0; i < TEXTS; at += size[i++])
            if (size[i] > 0)
                *texts[i] = memcpy(at, *texts[i], size[i]);
        fresh->facts = facts;
    }
    append(queue, fresh, h->unix_ms);
}

size_t kp_event_queue_count(kp_event_queue *queue) {
    disinherit(queue);
    return queue->count == 0 && queue->lost > 0 ? 1 : queue->count;
}

static void add_lost(const kp_event_queue *queue, kp_buf *out) {
    kp_buf_str(out, "{\"time\":\"");
    kp_add_rfc3339(out, queue->lost_ms);
    kp_buf_fmt(out,
               "\",\"event\":\"keyplate.events_lost\",\"level\":\"warning\",\"message\":\"%llu %s lost before anybody "
               "took them: take events more often, or raise the option events\",\"count\":%llu}",
               (unsigned long long)queue->lost, queue->lost == 1 ? "event was" : "events were",
               (unsigned long long)queue->lost);
}

bool kp_event_queue_tell(kp_event_queue *queue, kp_buf *out) {
    disinherit(queue);
    const char *gap = "";
    kp_buf_char(out, '[');
    if (queue->lost > 0) {
        add_lost(queue, out);
        gap = ",";
    }
    for (const kp_queued *event = queue->first; event && !out->failed; event = event->next) {
        kp_buf_str(out, gap);
        if (event->facts.name)
            kp_happening_add(out, &event->facts);
        else
            kp_buf_add(out, event->text, event->len);
        gap = ",";
    }
    kp_buf_char(out, ']');
    if (out->failed)
        return false;
    empty(queue);
    return true;
}

kp_event_queue kp_event_queue_take(kp_event_queue *queue) {
    disinherit(queue);
    kp_event_queue taken = *queue;
    queue->first = queue->last = NULL; /* most is read without the lock, and not written here */
    queue->count = 0;
    queue->lost = 0;
    return taken;
}

void kp_event_queue_put_back(kp_event_queue *queue, kp_event_queue *taken) {
    if (taken->lost > 0)
        queue->lost_ms = taken->lost_ms;
    queue->lost += taken->lost;
    if (taken->last) {
        taken->last->next = queue->first;
        queue->last = queue->last ? queue->last : taken->last;
        queue->first = taken->first;
        queue->count += taken->count;
    }
    while (queue->count > queue->most) {
        lose(queue, queue->first->unix_ms);
        drop_first(queue);
    }
    kp_event_queue_init(taken, taken->most);
}
