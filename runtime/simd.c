/* The vector instructions as functions: the handlers of handlers_simd.h, out of the interpreter's loop, whose registers
 * they would take. Each reads its operands from the frame and writes its result there (prepared.h); `at` is where an
 * access goes, checked. Left out on purpose: bounds and traps, which are the loop's. Spec: sections 4.3.2 to 4.3.4. */
#include "runtime/simd.h"

#include "runtime/numeric.h"

#define UNUSED        __attribute__((unused))
#define HANDLER(name) void simd_##name(uint64_t *fp, UNUSED const uint64_t *pc, uint64_t w, UNUSED uint8_t *at)
#define A             ((uint16_t)(w >> 16))
#define B             ((uint16_t)(w >> 32))
#define C             (w >> 48)

#include "runtime/handlers_simd.h"
