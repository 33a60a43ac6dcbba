/* Collects the probe's events into a witness file.
 *
 * Invariants: records stand in the file in the ring's order, which is each thread's own; where a thread's sequence has
 * a hole, a LOST record with the exact count stands in it, at the end of the thread too (the probe keeps where the last
 * hole ends). Chunks hold whole records and at least CHUNK_BYTES of them, the last one excepted; where they end depends
 * on the records alone.
 *
 * The ring's reader is woken only when the ring is half full; otherwise it looks every few milliseconds, because to be
 * woken per event costs the watched program more than the event. Left out on purpose: matching, and any state of what a
 * record means. Design: section 7. */
#include "ebpf/witness_state.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "tracer/signature.h"

enum {
    CHUNK_BYTES = 512 << 10,
    UNTOLD_BYTES = 8 << 20,
    LOOK_MS = 4,       /* how long events may wait in the ring */
    QUIET_LOOKS = 5,   /* looks without an event, after the stop, that count as quiet */
    DRAIN_LOOKS = 1000 /* after the stop, at most so many: a thread that never ends must not hold the run */
};
_Static_assert(UNTOLD_BYTES <= LIMIT_TRACE_CHUNK / 2, "the record that fills a chunk has room in it");

/* An event that is a part of the next one of its thread with the same ktime. */
struct ahead {
    struct ahead *next;
    uint32_t thread;
    uint16_t part;
    uint64_t ktime;
    size_t size;
    _Alignas(8) uint8_t bytes[];
};

struct collector {
    struct witness *witness;
    struct trace_file *file;
    struct buffer records; /* of the chunk being filled */
    uint64_t first, count; /* its first record's number, its records */
    uint64_t stream;       /* bytes of records in the chunks before it */
    uint64_t lost;
    const struct witness_info *info;
    struct buffer told; /* by whoever holds the other end of the stop descriptor: u32 size, then the facts of the run */
    bool begun;         /* the DESCRIPTION is in the file, and records may follow */
    uint64_t *next;     /* by thread: the sequence expected next */
    size_t threads;     /* elements of next */
    struct ahead *ahead; /* owned; few: long operands of calls that are being made right now */
    struct witness_record record;
    enum status status; /* the first failure */
    struct error *error;
};

/* The facts that were told, where they are whole. */
static bool facts_whole(const struct buffer *told, size_t *ret_size)
{
    struct cursor at = cursor_over(told->data, told->size);
    uint32_t size;
    bool whole = cursor_u32(&at, &size) == STATUS_OK && size <= WITNESS_FACTS_MAX && cursor_left(&at) == size;
    *ret_size = whole ? size : 0;
    return whole;
}

static enum status file_begin(struct collector *c)
{
    struct buffer body = BUFFER_INIT;
    size_t size;
    witness_info_encode(c->info, &body);
    if (facts_whole(&c->told, &size))
        buffer_bytes(&body, c->told.data + sizeof(uint32_t), size);
    enum status s = body.status != STATUS_OK
                        ? error_set(c->error, body.status, "no memory for the witness file's description")
                        : trace_file_append(c->file, TRACE_CHUNK_DESCRIPTION, body.data, body.size, 0, 0, 0, c->error);
    buffer_done(&body);
    c->begun = true;
    return s;
}

static enum status chunk_flush(struct collector *c)
{
    if (c->records.status != STATUS_OK)
        return error_set(c->error, c->records.status, "no memory for the witness's records");
    enum status s = c->begun ? STATUS_OK : file_begin(c);
    if (s != STATUS_OK || c->count == 0)
        return s;
    s = trace_file_append(c->file, TRACE_CHUNK_EVENTS, c->records.data, c->records.size, c->stream, c->first,
                          (uint32_t)c->count, c->error);
    if (s != STATUS_OK)
        return s;
    c->stream += c->records.size;
    c->first += c->count;
    c->count = 0;
    buffer_clear(&c->records);
    return STATUS_OK;
}

static enum status record_add(struct collector *c, const struct witness_record *record)
{
    witness_record_encode(record, &c->records);
    c->count++;
    /* Before the guest goes there are few; were there many, they would not wait for what the launcher tells. */
    return c->records.size >= (c->begun ? CHUNK_BYTES : UNTOLD_BYTES) || c->records.status != STATUS_OK ? chunk_flush(c)
                                                                                                        : STATUS_OK;
}

/* Makes room for the thread's expected sequence. */
static enum status thread_known(struct collector *c, uint32_t thread)
{
    if (thread < c->threads)
        return STATUS_OK;
    size_t threads = c->threads ? c->threads : 64;
    while (threads <= thread)
        threads *= 2;
    uint64_t *next = realloc(c->next, threads * sizeof(*next));
    if (!next)
        return error_set(c->error, STATUS_NO_MEMORY, "no memory for %zu watched threads", threads);
    memset(next + c->threads, 0, (threads - c->threads) * sizeof(*next));
    c->next = next;
    c->threads = threads;
    return STATUS_OK;
}

/* Fills the hole before `sequence` of a thread. */
static enum status gap_fill(struct collector *c, uint32_t thread, uint64_t sequence, uint64_t ktime, uint32_t pid,
                            uint32_t tid, uint32_t role)
{
    enum status s = thread_known(c, thread);
    if (s != STATUS_OK || c->next[thread] >= sequence)
        return s;
    uint64_t count = sequence - c->next[thread];
    const struct witness_record gap = { .kind = WITNESS_LOST,
                                        .role = role,
                                        .pid = pid,
                                        .tid = tid,
                                        .ktime = ktime,
                                        .sequence = c->next[thread],
                                        .result = (int64_t)count };
    c->lost += count;
    c->next[thread] = sequence;
    return record_add(c, &gap);
}

/* Forgets what went ahead of a thread's events, those at `keep` excepted. */
static void ahead_drop(struct collector *c, uint32_t thread, uint64_t keep)
{
    for (struct ahead **at = &c->ahead; *at;) {
        struct ahead *one = *at;
        if (one->thread != thread || one->ktime == keep) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        free(one);
    }
}

static enum status ahead_keep(struct collector *c, const struct probe_head *head, const void *bytes, size_t size)
{
    ahead_drop(c, head->thread, head->ktime); /* of events that did not arrive */
    struct ahead *new = malloc(sizeof(*new) + size);
    if (!new)
        return error_set(c->error, STATUS_NO_MEMORY, "no memory for a long operand");
    new->thread = head->thread;
    new->part = head->parts;
    new->ktime = head->ktime;
    new->size = size;
    memcpy(new->bytes, bytes, size);
    new->next = c->ahead;
    c->ahead = new;
    return STATUS_OK;
}

/* Gives the record what went ahead of it, the newest of each part. What did not arrive was not read. */
static enum status ahead_join(const struct collector *c, const struct probe_head *head, struct witness_record *record)
{
    unsigned missing = head->ahead;
    enum status s = STATUS_OK;
    for (const struct ahead *one = c->ahead; s == STATUS_OK && missing != 0 && one; one = one->next) {
        if (one->thread != head->thread || one->ktime != head->ktime || !(missing & one->part))
            continue;
        missing &= ~(unsigned)one->part;
        s = witness_event_join(one->bytes, one->size, record);
    }
    record->flags |= missing ? WITNESS_FLAG_UNREAD : 0;
    return s;
}

static enum status event_take(struct collector *c, const void *bytes, size_t size)
{
    struct probe_head head;
    struct witness_record *record = &c->record;
    enum status s = witness_event_head(bytes, size, &head);
    if (s == STATUS_OK && head.kind == PROBE_AHEAD)
        return ahead_keep(c, &head, bytes, size);
    if (s == STATUS_OK)
        s = witness_event_decode(c->witness, bytes, size, record);
    if (s == STATUS_OK && head.ahead != 0)
        s = ahead_join(c, &head, record);
    if (s != STATUS_OK)
        return error_set(c->error, STATUS_INTERNAL, "an event of the probe has no valid form");
    s = gap_fill(c, head.thread, record->sequence, record->ktime, record->pid, record->tid, record->role);
    if (s != STATUS_OK)
        return s;
    c->next[head.thread] = record->sequence + 1;
    s = record_add(c, record);
    if (c->ahead && (record->kind <= WITNESS_EXIT_ONLY || record->kind == WITNESS_END))
        ahead_drop(c, head.thread, UINT64_MAX);
    return s;
}

static int on_event(void *self, void *bytes, size_t size)
{
    struct collector *c = self;
    c->status = event_take(c, bytes, size);
    return c->status == STATUS_OK ? 0 : -1;
}

/* The losses after a thread's last event that arrived. */
static enum status ends_fill(struct collector *c)
{
    uint32_t key, *last = NULL;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && bpf_map_get_next_key(c->witness->losses_fd, last, &key) == 0) {
        struct probe_loss loss;
        last = &key;
        if (bpf_map_lookup_elem(c->witness->losses_fd, &key, &loss) == 0)
            s = gap_fill(c, key, loss.next, loss.ktime, loss.pid, loss.tid, loss.role);
    }
    return s;
}

/* Times that the kernel left out a program because it was running already; of any task, since the kernel does not say.
 */
static uint64_t programs_missed(const struct witness *witness)
{
    uint64_t missed = 0;
    for (unsigned i = 0; i < WITNESS_PROGRAMS; i++) {
        struct bpf_prog_info info;
        memset(&info, 0, sizeof(info));
        uint32_t size = sizeof(info);
        if (bpf_obj_get_info_by_fd(witness->program_fd[i], &info, &size) == 0)
            missed += info.recursion_misses;
    }
    return missed;
}

static uint64_t threads_alive(const struct witness *witness)
{
    /* Acquire: a thread counts itself out after its last event is in the ring. */
    return __atomic_load_n(&witness->counters->alive, __ATOMIC_ACQUIRE);
}

/* Waits for a fuller ring, the stop, or the time to look. *ret_stop: stop_fd is at its end. */
static enum status wait_some(struct collector *c, int poll_fd, int stop_fd, bool *ret_stop)
{
    struct epoll_event events[2];
    int count = epoll_wait(poll_fd, events, 2, LOOK_MS);
    if (count < 0 && errno != EINTR)
        return error_set_errno(c->error, STATUS_IO, errno, "cannot wait for the witness's events");
    for (int i = 0; i < count; i++) {
        uint8_t bytes[4096];
        if (events[i].data.fd != stop_fd)
            continue;
        ssize_t got = read(stop_fd, bytes, sizeof(bytes));
        *ret_stop = got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
        if (got > 0 && c->told.size <= WITNESS_FACTS_MAX + sizeof(uint32_t))
            buffer_bytes(&c->told, bytes, (size_t)got);
    }
    size_t size;
    return !c->begun && facts_whole(&c->told, &size) ? file_begin(c) : STATUS_OK;
}

static void drain_pause(void)
{
    const struct timespec pause = { 0, LOOK_MS * 1000000L };
    (void)nanosleep(&pause, NULL);
}

static enum status consume(struct collector *c, struct ring_buffer *ring, int *ret_count)
{
    int count = ring_buffer__consume(ring);
    *ret_count = count;
    if (c->status != STATUS_OK)
        return c->status;
    return count < 0 ? error_set_errno(c->error, STATUS_IO, -count, "cannot read the witness's ring") : STATUS_OK;
}

static enum status collect_until_quiet(struct collector *c, struct ring_buffer *ring, int poll_fd, int stop_fd)
{
    bool stop = false;
    int count = 0;
    while (!stop) {
        enum status s = wait_some(c, poll_fd, stop_fd, &stop);
        if (s == STATUS_OK)
            s = consume(c, ring, &count);
        if (s != STATUS_OK)
            return s;
    }
    for (unsigned look = 0, quiet = 0; look < DRAIN_LOOKS && quiet < QUIET_LOOKS; look++) {
        bool all_ended =
            threads_alive(c->witness) == 0; /* before the ring is emptied, else an event could come between */
        enum status s = consume(c, ring, &count);
        if (s != STATUS_OK || all_ended)
            return s;
        quiet = count > 0 ? 0 : quiet + 1;
        drain_pause();
    }
    return STATUS_OK;
}

static enum status poll_open(int ring_fd, int stop_fd, int *ret, struct error *error)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    /* Edge-triggered: a ring that merely holds something is no reason to wake up. */
    struct epoll_event ring = { .events = EPOLLIN | EPOLLET, .data = { .fd = ring_fd } };
    struct epoll_event stop = { .events = EPOLLIN, .data = { .fd = stop_fd } };
    if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, ring_fd, &ring) != 0 ||
        epoll_ctl(fd, EPOLL_CTL_ADD, stop_fd, &stop) != 0) {
        int number = errno;
        if (fd >= 0)
            close(fd);
        return error_set_errno(error, STATUS_IO, number, "cannot wait on the witness's ring and the stop pipe");
    }
    *ret = fd;
    return STATUS_OK;
}

static enum status file_end(struct collector *c, struct witness_info *info)
{
    enum status s = ends_fill(c);
    if (s == STATUS_OK)
        s = chunk_flush(c);
    /* What cannot be placed in a thread's sequence is a loss all the same. */
    const struct probe_counters *counters = c->witness->counters;
    info->lost = c->lost + counters->unplaced + counters->unwatched + programs_missed(c->witness);
    if (s != STATUS_OK)
        return s;
    struct buffer body = BUFFER_INIT;
    witness_end_encode(info, c->first, &body);
    s = body.status != STATUS_OK ? error_set(c->error, body.status, "no memory for the witness file's end")
                                 : trace_file_append(c->file, TRACE_CHUNK_END, body.data, body.size, 0, 0, 0, c->error);
    buffer_done(&body);
    return s;
}

enum status witness_collect(struct witness *witness, struct trace_file *file, int stop_fd, struct witness_info *info,
                            const struct trace_key *key, struct error *error)
{
    struct collector c = {
        .witness = witness, .file = file, .info = info, .records = BUFFER_INIT, .told = BUFFER_INIT, .error = error
    };
    int poll_fd = -1;
    info->lost = 0;
    struct ring_buffer *ring = ring_buffer__new(witness->ring_fd, on_event, &c, NULL);
    enum status s = ring ? STATUS_OK : error_set_errno(error, STATUS_IO, errno, "cannot map the witness's ring");
    if (s == STATUS_OK)
        s = poll_open(witness->ring_fd, stop_fd, &poll_fd, error);
    if (s == STATUS_OK)
        s = collect_until_quiet(&c, ring, poll_fd, stop_fd);
    if (s == STATUS_OK)
        s = file_end(&c, info);
    if (s == STATUS_OK && key)
        s = trace_file_sign(file, TRACE_SIGNER_WITNESS, key, c.first, error);
    if (poll_fd >= 0)
        close(poll_fd);
    ring_buffer__free(ring);
    buffer_done(&c.records);
    buffer_done(&c.told);
    free(c.next);
    while (c.ahead)
        ahead_drop(&c, c.ahead->thread, UINT64_MAX);
    return s;
}
