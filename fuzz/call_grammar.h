/* Hostcalls out of a fuzzer's bytes, by the typed fields of the tables: which import, what its parameters are, and what
 * lies in guest memory behind them. A new row is taken as it stands. */
#ifndef WARRANT_FUZZ_CALL_GRAMMAR_H
#define WARRANT_FUZZ_CALL_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wasi/abi/imports.h"

enum { GRAMMAR_MEMORY = 65536 };

struct grammar {
    const uint8_t *data;
    size_t size, at;
};
uint8_t grammar_byte(struct grammar *grammar);
bool grammar_more(const struct grammar *grammar);

/* Takes one call: writes what it points to into `memory` (GRAMMAR_MEMORY bytes), its parameters into `slots`
 * (OPERATION_SLOTS_MAX of them), and returns its import. Depends on the bytes alone, so that a replay's guest does the
 * same. */
uint32_t grammar_call(struct grammar *grammar, uint8_t *memory, uint64_t *slots);

#endif
