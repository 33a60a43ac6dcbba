/* Stands in where the build leaves the second line out (WARRANT_CONFINE=OFF, and every system but Linux): each line is
 * absent, and says so. What a process inherited is closed all the same (descriptors.c). */
#include "wasi/confine/confine.h"

#include <string.h>

const uint32_t confine_always = 0;

const char *confine_left_out(void) { return CONFINE_LEFT_OUT; }

enum status confine_apply(const struct confine_options *options, struct confine_report *ret, struct error *error)
{
    *ret = (struct confine_report) { .landlock_abi = 0 };
    for (uint32_t i = 0; i < CONFINE_LINE_COUNT; i++) {
        if (!(options->lines & UINT32_C(1) << i))
            continue;
        ret->state[i] = CONFINE_ABSENT;
        if (options->required & UINT32_C(1) << i)
            return error_set(error, STATUS_DENIED, "the guest is not confined: %s is absent: %s",
                             confine_line_name((enum confine_line)i), CONFINE_LEFT_OUT);
    }
    return STATUS_OK;
}

void confine_probe_machine(struct confine_report *ret)
{
    *ret = (struct confine_report) { .landlock_abi = 0 };
    memset(ret->state, CONFINE_ABSENT, CONFINE_LINE_COUNT);
}
