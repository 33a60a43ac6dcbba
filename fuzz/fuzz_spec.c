/* Fuzzes the stored form of a run's description, which stands in every trace. What is accepted encodes back to the same
 * bytes, and a guest's world can be built from it or is refused with a reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "wasi/start.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct run_spec *spec, const uint8_t *data, size_t size)
{
    struct buffer again = BUFFER_INIT;
    run_spec_encode(spec, &again);
    if (again.status != STATUS_OK || again.size != size || memcmp(again.data, data, size) != 0)
        abort();
    buffer_done(&again);
    struct wasi_start start;
    struct error error = ERROR_INIT;
    if (wasi_start_init(spec, &start, &error) == STATUS_OK)
        wasi_start_done(&start);
    else if (!error.text[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run_spec spec;
    struct error error = ERROR_INIT;
    if (run_spec_decode(data, size, &spec, &error) == STATUS_OK)
        use(&spec, data, size);
    else if (!error.text[0] || spec.args || spec.env || spec.initial || spec.policy.files || spec.policy.networks)
        abort(); /* a failure without a reason, or with something left */
    run_spec_done(&spec);
    return 0;
}
