/* No source lines: this build has no library that reads DWARF. */
#include "cli/symbols_module.h"

#include <stdio.h>

#include "cli/crash_process.h"

void symbols_lines_find(const struct symbols_module *module, const struct call_stack *stack, struct crash_symbols *ret)
{
    (void)stack;
    if (module->debug[SYMBOLS_DEBUG_LINE].bytes)
        snprintf(ret->why, sizeof ret->why, "no source lines: %s", crash_lines_left_out());
}

enum status symbols_lines_tell(const struct symbols_module *module, symbols_put_fn *put, void *self,
                               struct error *error)
{
    (void)module, (void)put, (void)self;
    return error_set(error, STATUS_UNSUPPORTED, "no source lines: %s", crash_lines_left_out());
}
