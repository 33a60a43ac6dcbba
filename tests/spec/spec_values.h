/* Arguments and expected results of the suite, against slots. */
#ifndef WARRANT_TESTS_SPEC_VALUES_H
#define WARRANT_TESTS_SPEC_VALUES_H

#include <stdint.h>
#include "spec_json.h"

/* An argument as it lies in slots; their number, 0 for a type that the engine does not have. */
uint32_t spec_value_read(const struct json *value, uint64_t ret[2]);
/* Whether a result is what is expected. */
bool spec_value_matches(const struct json *expected, uint32_t type, const uint64_t *slots);

#endif
