/* Coverage: what a replay counted (profile.h), laid over the source lines that the module's debug information has, in
 * the form of lcov. */
#ifndef WARRANT_REPLAY_COVERAGE_H
#define WARRANT_REPLAY_COVERAGE_H

#include "replay/profile.h"

/* Where code comes from: the bytes [first, past) of the module file are of a line of a source file. */
struct coverage_row {
    uint32_t first, past, file, line;
};
struct coverage_lines {
    struct coverage_row *rows; /* owned; by `first`, once they are all there */
    uint32_t row_count, row_capacity;
    struct coverage_file {
        const char *name; /* of `size` bytes; borrowed from the bytes that were read */
        uint32_t size;
    } *files; /* owned */
    uint32_t file_count, file_capacity;
};
/* Reads what warrant-symbols tells of lines: for each file u8 COVERAGE_FILE, u32 size, bytes; for each row u8
 * COVERAGE_ROW, u32 first, past, file (which was told before), line. MALFORMED: anything else. LIMIT:
 * LIMIT_COVERAGE_ROWS. */
enum coverage_item { COVERAGE_FILE = 0, COVERAGE_ROW = 1 };
MUST_USE enum status coverage_lines_read(const void *bytes, size_t size, struct coverage_lines *ret,
                                         struct error *error);
void coverage_lines_done(struct coverage_lines *lines);

/* Appends lcov's tracefile (geninfo(1)): of each source file its functions with their calls, its lines with how often
 * each was executed. lines: of no rows, and each function is a line of its own, the one with its index plus one, of a
 * file that is called `functions`. *ret_left: functions that have no line, where others have, and are left out. */
MUST_USE enum status coverage_lcov(const struct profile *profile, const struct coverage_lines *lines,
                                   const char *functions, struct buffer *out, uint32_t *ret_left, struct error *error);

#endif
