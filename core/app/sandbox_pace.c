/* sandbox_pace.c: one thread with a heap of jobs by due time, which writes to sockets piece by piece. */
#include "app/sandbox_pace.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "app/sandbox_service.h"

#define PIECE 65536
#define BLOCKED_MS 2 /* until a full socket is tried again */

struct sandbox_pace {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool stopping;
    sandbox_job **heap; /* the earliest first: heap[i] is due before heap[2i+1] and heap[2i+2] */
    size_t count, room;
};

static bool push(sandbox_pace *pace, sandbox_job *job) {
    if (pace->count == pace->room) {
        size_t room = pace->room ? 2 * pace->room : 64;
        sandbox_job **heap = kp_realloc(pace->heap, room * sizeof *heap);
        if (!heap)
            return false;
        pace->heap = heap;
        pace->room = room;
    }
    size_t at = pace->count++;
    for (; at && pace->heap[(at - 1) / 2]->due > job->due; at = (at - 1) / 2)
        pace->heap[at] = pace->heap[(at - 1) / 2];
    pace->heap[at] = job;
    return true;
}

static sandbox_job *pop(sandbox_pace *pace) {
    sandbox_job *first = pace->heap[0], *last = pace->heap[--pace->count];
    size_t at = 0;
    for (size_t child = 1; child < pace->count; at = child, child = 2 * at + 1) {
        if (child + 1 < pace->count && pace->heap[child + 1]->due < pace->heap[child]->due)
            child++;
        if (pace->heap[child]->due >= last->due)
            break;
        pace->heap[at] = pace->heap[child];
    }
    pace->heap[at] = last;
    return first;
}

static size_t next_piece(const sandbox_stream *stream, char *piece, size_t most) {
    uint64_t left = stream->total - stream->at;
    size_t len = left < most ? (size_t)left : most, done = 0;
    if (stream->at < stream->start.len) {
        done = stream->start.len - (size_t)stream->at;
        done = done < len ? done : len;
        memcpy(piece, stream->start.data + stream->at, done);
    }
    while (done < len && stream->unit) {
        size_t at = (size_t)((stream->at + done - stream->start.len) % stream->unit->len);
        size_t part = stream->unit->len - at < len - done ? stream->unit->len - at : len - done;
        memcpy(piece + done, stream->unit->data + at, part);
        done += part;
    }
    return done;
}

void sandbox_reset_socket(int fd) {
    /* Linux answers the "disconnect" of a TCP socket with a reset; the linger option covers other systems, where the
       close that follows sends it. */
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    (void)connect(fd, &none, sizeof none);
}

/* One step of a writing job; true: it is over. */
static bool write_some(sandbox_job *job) {
    static _Thread_local char piece[PIECE];
    sandbox_stream *stream = &job->stream;
    size_t len = next_piece(stream, piece, job->drip_ms ? 1 : sizeof piece);
    ssize_t sent = len ? send(job->fd, piece, len, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
    bool blocked = sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    if (sent > 0)
        stream->at += (uint64_t)sent;
    if (blocked || (len && sent >= 0 && stream->at < stream->total)) {
        job->due = sandbox_now() + (blocked ? BLOCKED_MS : job->drip_ms);
        return false;
    }
    if (job->resets)
        sandbox_reset_socket(job->fd);
    return true;
}

static void wait_until(sandbox_pace *pace, uint64_t due) {
    struct timespec at = {.tv_sec = (time_t)(due / 1000), .tv_nsec = (long)(due % 1000) * 1000000};
    pthread_cond_timedwait(&pace->changed, &pace->lock, &at);
}

static void *run(void *cls) {
    sandbox_pace *pace = cls;
    pthread_mutex_lock(&pace->lock);
    while (!pace->stopping) {
        if (!pace->count) {
            pthread_cond_wait(&pace->changed, &pace->lock);
            continue;
        }
        if (pace->heap[0]->due > sandbox_now()) {
            wait_until(pace, pace->heap[0]->due);
            continue;
        }
        sandbox_job *job = pop(pace);
        pthread_mutex_unlock(&pace->lock);
        bool over = !job->writes || write_some(job);
        pthread_mutex_lock(&pace->lock);
        if (over || !push(pace, job))
            MHD_resume_connection(job->connection);
    }
    while (pace->count)
        MHD_resume_connection(pop(pace)->connection);
    pthread_mutex_unlock(&pace->lock);
    return NULL;
}

sandbox_pace *sandbox_pace_start(void) {
    sandbox_pace *pace = kp_zalloc(1, sizeof *pace);
    if (!pace)
        return NULL;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&pace->lock, NULL);
    pthread_cond_init(&pace->changed, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&pace->thread, NULL, run, pace) == 0)
        return pace;
    pace->stopping = true;
    sandbox_pace_free(pace);
    return NULL;
}

void sandbox_pace_add(sandbox_pace *pace, sandbox_job *job) {
    pthread_mutex_lock(&pace->lock);
    bool taken = !pace->stopping && push(pace, job);
    if (taken)
        pthread_cond_signal(&pace->changed);
    pthread_mutex_unlock(&pace->lock);
    if (!taken)
        MHD_resume_connection(job->connection);
}

void sandbox_pace_stop(sandbox_pace *pace) {
    pthread_mutex_lock(&pace->lock);
    pace->stopping = true;
    pthread_cond_signal(&pace->changed);
    pthread_mutex_unlock(&pace->lock);
    pthread_join(pace->thread, NULL);
}

void sandbox_pace_free(sandbox_pace *pace) {
    if (!pace)
        return;
    pthread_cond_destroy(&pace->changed);
    pthread_mutex_destroy(&pace->lock);
    kp_free(pace->heap);
    kp_free(pace);
}
