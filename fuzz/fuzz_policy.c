/* Fuzzes policy files: any text. A refusal has a reason that names the file; what is accepted can be stored in a run's
 * description and comes back from it, so that no policy can be started with that a trace cannot carry. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "wasi/policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void store(struct policy *policy)
{
    struct run_spec spec, back;
    struct error error = ERROR_INIT;
    struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
    run_spec_init(&spec);
    policy_done(&spec.policy);
    spec.policy = *policy; /* moved */
    run_spec_encode(&spec, &first);
    if (first.status != STATUS_OK || run_spec_decode(first.data, first.size, &back, &error) != STATUS_OK)
        abort();
    run_spec_encode(&back, &second);
    if (second.size != first.size || memcmp(first.data, second.data, first.size) != 0)
        abort();
    buffer_done(&first);
    buffer_done(&second);
    run_spec_done(&back);
    run_spec_done(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy policy;
    struct error error = ERROR_INIT;
    policy_init(&policy);
    if (policy_parse_yaml((const char *)data, size, "fuzz.yaml", &policy, &error) == STATUS_OK) {
        store(&policy);
        return 0;
    }
    if (strncmp(error.text, "fuzz.yaml", strlen("fuzz.yaml")) != 0)
        abort();
    policy_done(&policy);
    return 0;
}
