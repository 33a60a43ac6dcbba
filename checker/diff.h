/* Two runs beside each other: where they part, and what of files, calls and time differs. docs/output.md. */
#ifndef WARRANT_CHECKER_DIFF_H
#define WARRANT_CHECKER_DIFF_H

#include "checker/show.h"
#include "checker/show_summary.h"

/* In what two calls differ: id, text. */
#define DIFF_PART_LIST(PART)                                                                                           \
    PART(NONE, "nothing")                                                                                              \
    PART(CALL, "another hostcall")                                                                                     \
    PART(ARGUMENTS, "other arguments")                                                                                 \
    PART(NAMES, "other names")                                                                                         \
    PART(WRITTEN, "other data leaves the guest")                                                                       \
    PART(ERROR, "another error")                                                                                       \
    PART(RULE, "another rule refused it")                                                                              \
    PART(RESULTS, "other results")                                                                                     \
    PART(READ, "other data enters the guest")                                                                          \
    PART(ENDS, "one ends before")
#define DIFF_PART_ENUM(id, text) DIFF_PART_##id,
enum diff_part { DIFF_PART_LIST(DIFF_PART_ENUM) DIFF_PART_COUNT };
#undef DIFF_PART_ENUM
const char *diff_part_text(enum diff_part part);
const char *diff_part_name(enum diff_part part); /* "ARGUMENTS" */

/* Compares the calls that the two readers delivered last, as the guest has them: what it asked and what it was told.
 * What differs between any two runs is none: times, random bytes, addresses in memory, and of files their device, inode
 * and times. Failure: as trace_reader_data. */
MUST_USE enum status diff_calls(struct trace_reader *reader_a, const struct trace_call *a,
                                struct trace_reader *reader_b, const struct trace_call *b, enum diff_part *ret,
                                struct error *error);

/* What a run did with a name of the guest's. */
struct diff_use {
    uint64_t opens, bytes_read, bytes_written,
        changes; /* changes: made, removed, renamed, emptied, sizes and times set */
};
struct diff_files;
MUST_USE enum status diff_files_create(struct diff_files **ret, struct error *error); /* returns owned */
void diff_files_free(struct diff_files *files);                                       /* NULL is fine */
/* Counts the call's ops in column `side`, 0 or 1, and follows them: a plan opens a directory and works in it.
 * NO_MEMORY. */
MUST_USE enum status diff_files_add(struct diff_files *files, unsigned side, const struct trace_call *call,
                                    struct show_paths *paths, struct error *error);
/* Every name whose uses differ, in order. NO_MEMORY. */
typedef void diff_file_fn(void *self, const void *name, size_t size, const struct diff_use use[2]);
MUST_USE enum status diff_files_visit(const struct diff_files *files, diff_file_fn *visit, void *self,
                                      struct error *error);

#endif
