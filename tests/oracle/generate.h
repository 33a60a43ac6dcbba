/* Valid modules out of any bytes: the bytes choose, and when they are used up, a generator of random numbers that they
 * seed goes on choosing. The same bytes give the same module, and rt_module_load accepts every one. */
#ifndef WARRANT_TESTS_GENERATE_H
#define WARRANT_TESTS_GENERATE_H

#include "runtime/base/base.h"
#include "runtime/rt.h"

struct choices {
    const uint8_t *bytes; /* borrows */
    size_t size, at;
    uint64_t state;
};
void choices_init(struct choices *c, const uint8_t *bytes, size_t size);
uint8_t choose_byte(struct choices *c);
uint32_t choose(struct choices *c, uint32_t count); /* below `count`, which is at least 1 */
uint64_t choose_bits(struct choices *c);
/* A value of this type with a liking for edges, as it lies in its slots; references are null, and external ones small
 * numbers too. */
void choose_value(struct choices *c, uint32_t type, uint64_t ret[2]);

/* What the module imports, all from "h": these functions of types that are chosen, then the globals. */
enum { GENERATE_HOSTS = 3, GENERATE_IMPORTED_GLOBALS = 4, GENERATE_SUM_I64 = 1, GENERATE_SUM_V128 = 2 };
/* "0" to "2": functions; the first has the type []->[]. "g0" to "g3": */
extern const uint32_t generate_global_types[GENERATE_IMPORTED_GLOBALS];
extern const bool generate_global_mutable[GENERATE_IMPORTED_GLOBALS];

/* Appends a module to `ret`. */
void generate_module(struct choices *c, struct buffer *ret);

#endif
