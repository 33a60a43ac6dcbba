/* What the suite's tables say the engine must do: needs.tsv (modules that need more than WebAssembly 2.0) and
 * superseded.tsv (refusals that a later version turned into acceptance). */
#ifndef WARRANT_TESTS_SPEC_EXPECT_H
#define WARRANT_TESTS_SPEC_EXPECT_H

#include <stdbool.h>

struct spec_expect;

/* Reads the tables of a suite. Returns owned, or NULL with a message on stderr. */
struct spec_expect *spec_expect_open(const char *folder);
void spec_expect_close(struct spec_expect *expect);

/* Whether a script belongs to the core: there, what needs nothing more must pass, and nothing of it may be skipped. */
bool spec_expect_core(const struct spec_expect *expect, const char *path);
/* Whether a module's file (or an assertion of a script, by its line) needs more than the engine has. NULL: not known.
 */
bool spec_expect_beyond(const struct spec_expect *expect, const char *path, unsigned line);
/* Whether a refusal that a script demands may have become acceptance. */
bool spec_expect_superseded(const struct spec_expect *expect, const char *path);

#endif
