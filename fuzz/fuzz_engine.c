/* Fuzzes the engine against the oracle: any bytes choose a module and calls (tests/oracle/compare.h), and everything
 * that both did must be equal. */
#include <stdint.h>
#include "tests/oracle/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUEL = 100000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct compare_counts counts = { 0 };
    compare_input("the input", data, size, FUEL, NULL, &counts);
    return 0;
}
