/* Arguments and expected results of the suite, against slots. */
#ifndef WARRANT_TESTS_SPEC_VALUES_H
#define WARRANT_TESTS_SPEC_VALUES_H

#include <stdint.h>
#include "spec_json.h"

/* An argument as it lies in a slot. false: of a type that the engine does not have. */
bool spec_value_read(const struct json *value, uint64_t *ret);
/* Whether a result is what is expected. */
bool spec_value_matches(const struct json *expected, uint8_t type, uint64_t slot);

#endif
