/* What a module says of its own functions for people: names, and where its debug information lies. Reads hostile bytes;
 * only warrant-symbols does, confined (and tests). */
#ifndef WARRANT_CLI_SYMBOLS_MODULE_H
#define WARRANT_CLI_SYMBOLS_MODULE_H

#include "checker/crash.h"

/* The sections of DWARF that lines are found with. */
#define SYMBOLS_DEBUG_LIST(X)                                                                                          \
    X(INFO, ".debug_info")                                                                                             \
    X(ABBREV, ".debug_abbrev")                                                                                         \
    X(LINE, ".debug_line")                                                                                             \
    X(STR, ".debug_str")                                                                                               \
    X(LINE_STR, ".debug_line_str")                                                                                     \
    X(STR_OFFSETS, ".debug_str_offsets")                                                                               \
    X(ADDR, ".debug_addr")                                                                                             \
    X(RANGES, ".debug_ranges")                                                                                         \
    X(RNGLISTS, ".debug_rnglists")
#define SYMBOLS_DEBUG_ENUM(id, name) SYMBOLS_DEBUG_##id,
enum symbols_debug { SYMBOLS_DEBUG_LIST(SYMBOLS_DEBUG_ENUM) SYMBOLS_DEBUG_COUNT };
#undef SYMBOLS_DEBUG_ENUM
const char *symbols_debug_name(enum symbols_debug section);

/* Borrows from the module's bytes. */
struct symbols_section {
    const uint8_t *bytes; /* NULL: there is none */
    size_t size;
};
struct symbols_module {
    struct symbols_section names; /* subsection of function names */
    struct symbols_section debug[SYMBOLS_DEBUG_COUNT];
    uint32_t code; /* where the code section's content begins, from which DWARF counts; 0: there is none */
};

/* Finds them. What is broken ends the search, and what was found before stays. Of two sections with one name the first
 * counts. */
struct symbols_module symbols_module_read(const void *bytes, size_t size);
/* Fills the names of the stack's functions, cut where they do not fit. Of two names for one function the last counts,
 * as for the engine. */
void symbols_names_find(const struct symbols_module *module, const struct call_stack *stack, struct crash_symbols *ret);

/* Fills files and lines by DWARF, where the build has a library that reads it and the module has any (symbols_lines.c;
 * else symbols_no_lines.c). The failure's text goes into ret->why. */
void symbols_lines_find(const struct symbols_module *module, const struct call_stack *stack, struct crash_symbols *ret);
/* Tells all lines, in the form of replay/coverage.h, piece by piece; put: false ends it (STOPPED). OK, and nothing is
 * told, where the module has no debug information. */
typedef bool symbols_put_fn(void *self, const void *bytes, size_t size);
MUST_USE enum status symbols_lines_tell(const struct symbols_module *module, symbols_put_fn *put, void *self,
                                        struct error *error);

#endif
