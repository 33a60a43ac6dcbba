/* Ops that several system calls perform: which one comes next, and when the op is done.
 *
 * Invariants: an op that says it took n system calls has exactly n records, and a record is held against the one that
 * comes next, whole. openat2 is asked again with the same operands where it answered EAGAIN, and only there; a walk is
 * simulated (match_walk.c), and ends where the trace says, with what it says. Where a link's content is not known, the
 * walk's other calls are held against nothing but their kind and number: that record is unknown, and so is the call.
 * Comparing changes nothing; match_steps_take moves on. docs/witness.md, What is compared, and Walks. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "checker/match_want.h"
#include "runtime/base/text.h"

enum { QUOTED = 64 };

void match_steps_begin(struct match_steps *steps, const struct match_want *want)
{
    steps->done = 0;
    if (want->walks)
        match_walk_begin(&steps->walk, want->path[0], want->path_length[0], want->open_flags, want->links);
}

int64_t match_steps_number(const struct match_world *world, const struct match_want *want,
                           const struct match_steps *steps, const struct witness_record *record)
{
    if (!want->walks)
        return want->number;
    switch (steps->walk.next) {
    case WALK_ENTER:
    case WALK_ARRIVE:
    case WALK_TRY:
    case WALK_HERE:
        return world->number_openat;
    case WALK_READ:
        return world->number_readlinkat;
    case WALK_LEAVE:
    case WALK_TIDY:
        return world->number_close;
    case WALK_BLIND:
        return record->syscall == world->number_openat || record->syscall == world->number_readlinkat ||
                       record->syscall == world->number_close
                   ? record->syscall
                   : world->number_openat;
    case WALK_FINISHED:
        return -1;
    }
    return -1;
}

/* ---- a walk's calls ---- */

struct walk_compare {
    const struct match_world *world;
    const struct match_want *want;
    const struct match_steps *steps;
    const struct witness_record *record;
    struct buffer *text; /* NULL: counts only */
    unsigned differences;
};

/* True: what differs may be named. */
static bool differs(struct walk_compare *c)
{
    c->differences++;
    if (c->text && c->differences > 1)
        buffer_string(c->text, "; ");
    return c->text != NULL;
}

static void compare_number(struct walk_compare *c, const char *what, uint64_t expected, uint64_t found)
{
    if (expected != found && differs(c))
        buffer_printf(c->text, "%s: expected 0x%" PRIx64 ", found 0x%" PRIx64, what, expected, found);
}

/* The directory that the call is made in, or closes. */
static void compare_directory(struct walk_compare *c)
{
    const struct match_walk *walk = &c->steps->walk;
    if (walk->depth == 0) {
        c->differences += match_compare_handle(c->world, c->want, c->record, c->text);
        return;
    }
    int64_t fd = walk->directory[walk->depth - 1].fd;
    const struct witness_object *expected = &walk->directory[walk->depth - 1].object, *found = &c->record->object;
    if ((uint32_t)fd != (uint32_t)c->record->arg[0] && differs(c))
        buffer_printf(c->text, "descriptor of the walk: expected %" PRId64 ", found %" PRId32, fd,
                      (int32_t)c->record->arg[0]);
    if (expected->mode != 0 && c->record->parts & WITNESS_PART_OBJECT &&
        (expected->dev != found->dev || expected->ino != found->ino) && differs(c))
        buffer_printf(c->text, "directory of the walk: expected inode %" PRIu64 ", found inode %" PRIu64, expected->ino,
                      found->ino);
}

static void compare_name(struct walk_compare *c)
{
    const struct match_walk *walk = &c->steps->walk;
    const char *expected = walk->next == WALK_HERE ? "." : walk->component.name, *found = c->record->path[0];
    size_t length = strlen(expected), have = c->record->path_length[0];
    if (!found || (length == have && memcmp(expected, found, length) == 0) || !differs(c))
        return;
    buffer_string(c->text, "component: expected ");
    text_quote_name(c->text, expected, length, QUOTED);
    buffer_string(c->text, ", found ");
    text_quote_name(c->text, found, have, QUOTED);
}

/* Whether what the walk comes to is what the trace says. */
static bool outcome_fits(const struct match_want *want, int64_t outcome)
{
    return want->result < 0 ? outcome < 0 && match_linux_errno_is(-outcome, -want->result)
                            : outcome >= 0 && want->result == 0;
}

/* Whether the walk ends with this record where the trace says, and as it says. */
static void compare_end(struct walk_compare *c)
{
    struct match_steps after = *c->steps;
    const struct match_want *want = c->want;
    bool ends = match_steps_take(want, &after, c->record), should = after.done == want->calls;
    bool blind = c->steps->walk.next == WALK_BLIND || after.walk.next == WALK_BLIND;
    if (ends != should && !blind && differs(c))
        buffer_printf(c->text, "system calls of the walk: expected %" PRIu32 ", found %s%" PRIu32, want->calls,
                      ends ? "" : "more than ", after.done);
    else if (ends && should && !blind && !outcome_fits(want, after.walk.outcome) && differs(c))
        buffer_printf(c->text, "result of the walk: expected %" PRId64 ", found %" PRId64, want->result,
                      after.walk.outcome);
}

static unsigned walk_compare(struct walk_compare *c)
{
    enum walk_next next = c->steps->walk.next;
    bool closes = next == WALK_LEAVE || next == WALK_TIDY;
    if (next != WALK_BLIND) {
        compare_directory(c);
        if (!closes)
            compare_name(c);
        if (!closes && next != WALK_READ) {
            compare_number(c, "open flags",
                           match_linux_open_flags(match_walk_flags(&c->steps->walk), c->world->machine),
                           c->record->arg[2] & UINT32_MAX);
            compare_number(c, "mode", match_walk_mode(&c->steps->walk), c->record->arg[3] & UINT32_MAX);
        }
    }
    bool goes_on = c->record->kind == WITNESS_SYSCALL && match_linux_restarts(c->record->result);
    if (!goes_on && c->want->known && c->record->kind != WITNESS_SYSCALL && differs(c))
        buffer_string(c->text, "a call of the walk did not return");
    else if (!goes_on && c->want->known)
        compare_end(c);
    return c->differences;
}

/* ---- both ---- */

unsigned match_steps_compare(const struct match_world *world, const struct match_want *want,
                             const struct match_steps *steps, const struct witness_record *record, struct buffer *text)
{
    if (want->walks) {
        struct walk_compare c = { world, want, steps, record, text, 0 };
        return walk_compare(&c);
    }
    if (!want->known || steps->done + 1 >= want->calls)
        return match_compare(world, want, record, text);
    struct match_want again = *want; /* its paths stay where they are */
    again.result = -WASI_AGAIN;
    return match_compare(world, &again, record, text);
}

bool match_steps_take(const struct match_want *want, struct match_steps *steps, const struct witness_record *record)
{
    steps->done++;
    if (want->walks) {
        bool blind = steps->walk.next == WALK_BLIND;
        match_walk_take(&steps->walk, record);
        return blind ? want->known && steps->done >= want->calls : steps->walk.next == WALK_FINISHED;
    }
    /* Where the trace does not say how many calls there were (the op was in flight): as many as there may be. */
    uint32_t most = want->known ? want->calls : LIMIT_OPEN_TRIES;
    return steps->done >= most || record->kind != WITNESS_SYSCALL || record->result != -EAGAIN;
}

/* ---- what the witness lacks ---- */

bool match_steps_unknown(const struct match_world *world, const struct match_want *want,
                         const struct witness_record *record, struct buffer *text)
{
    if (!want->walks)
        return match_unknown(world, want, record, text);
    bool reads = record->syscall == world->number_readlinkat, opens = record->syscall == world->number_openat;
    bool succeeded = record->kind == WITNESS_SYSCALL && record->result >= 0;
    uint32_t needed = opens || reads ? (uint32_t)WITNESS_PART_PATH : 0;
    needed |= succeeded ? (uint32_t)WITNESS_PART_OBJECT : 0;
    needed |= succeeded && opens ? (uint32_t)WITNESS_PART_OPENED : 0;
    bool content = reads && record->kind == WITNESS_SYSCALL && record->result > 0;
    if (needed & ~record->parts ||
        (content && (!(record->parts & WITNESS_PART_PATH2) || record->path_length[1] != (uint64_t)record->result))) {
        if (text)
            buffer_string(text, content ? "the name or the content of a link could not be read"
                                        : "a name or an object of the walk could not be read");
        return true;
    }
    bool late = (opens || reads) && record->flags & WITNESS_FLAG_LATE && (reads || world->threads);
    bool shared = ((opens || reads) && match_is_shared(world, record->arg[1], record->path_length[0] + UINT64_C(1))) ||
                  (content && (world->threads || match_is_shared(world, record->arg[2], (uint64_t)record->result)));
    if (text && (late || shared))
        buffer_string(text, late ? "an operand could be read only behind the call, which may have changed it"
                                 : "an operand or a link's content lies in memory that somebody else may write");
    return late || shared;
}
