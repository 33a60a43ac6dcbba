/* A trap's stack in words: what crash reports of every command print, and the report page. Who finds the names reads a
 * hostile module, in a process of its own (cli/crash_process.h); here they are words, of which nothing is believed. */
#ifndef WARRANT_CHECKER_CRASH_H
#define WARRANT_CHECKER_CRASH_H

#include "runtime/base/base.h"
#include "runtime/base/call_stack.h"
#include "runtime/base/json_writer.h"

enum { CRASH_NAME = 256, CRASH_FILE = 256 };

/* What the module says of the kept frames: place by place of the stack. */
struct crash_symbols {
    struct crash_frame {
        char name[CRASH_NAME]; /* of the function, from the name section; empty: it has none. Cut where it is longer */
        char file[CRASH_FILE]; /* of the source, from DWARF; empty: not known */
        uint32_t line;         /* 0: not known */
    } frame[CALL_STACK_KEPT];
    char why[ERROR_TEXT_MAX]; /* why names or lines could not be looked up; empty: they were */
};

/* Appends a line for each kept frame, the innermost first, as a debugger prints them:
 *
 *     #0  0x000001c3 in inner (function 7) at src/inner.c:12
 *
 * with one that says how many frames are left out where some are, and a last one where something could not be looked
 * up. Nothing where there is no stack. symbols: NULL: numbers alone. Every name comes out in the plain form of text.h.
 */
void crash_words(const struct call_stack *stack, const struct crash_symbols *symbols, struct buffer *out);
/* The same as the array `stack` of the object that is open, an object per kept frame, with how many there were as
 * `frames`. */
void crash_json(const struct call_stack *stack, const struct crash_symbols *symbols, struct json *json);

#endif
