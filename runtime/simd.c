/* The vector instructions as functions that are called: for the interpreter's expansion to labels, whose registers they
 * would take. Each reads its operands from the frame and writes its result there (prepared.h); `at` is where an access
 * goes, checked. Left out on purpose: bounds and traps, which are the interpreter's. Spec: sections 4.3.2 to 4.3.4. */
#include "runtime/simd.h"

#include "runtime/numeric.h"

#define UNUSED              __attribute__((unused))
#define SIMD_FUNCTION(name) void simd_##name(uint64_t *fp, const uint16_t *pc, UNUSED uint8_t *at)

#include "runtime/handlers_simd.h"
