/* What came of the lines, in words. */
#include "wasi/confine/confine.h"

#include <stdio.h>

void confine_report_text(const struct confine_report *report, char *ret, size_t size)
{
    char detail[80];
    size_t used = 0;
    if (size)
        ret[0] = 0;
    for (uint32_t i = 0; i < CONFINE_LINE_COUNT && used < size; i++) {
        enum confine_state state = report->state[i];
        bool drawn = state == CONFINE_ON || state == CONFINE_PART;
        detail[0] = 0;
        if (i == CONFINE_LANDLOCK && drawn)
            snprintf(detail, sizeof detail, " (version %d)", report->landlock_abi);
        if (i == CONFINE_SECCOMP && drawn)
            snprintf(detail, sizeof detail, " (%u calls%s)", report->filter_calls,
                     report->sanitizer ? ", a sanitizer's among them" : "");
        int added = snprintf(ret + used, size - used, "%s%s %s%s", i ? ", " : "",
                             confine_line_name((enum confine_line)i), confine_state_name(state), detail);
        used += added > 0 ? (size_t)added : 0;
    }
}
