/* Reading the launch page, from both sides, without believing it.
 *
 * The page is shared memory: a size is looked at once, and what is checked is a copy. Header only, so that
 * warrant-guest, which links nothing of cli/, and the fuzz target read it with the same lines. Left out: whether what
 * the guest's process says is true; launch_guest.c and run_report.c hold it against the kernel's word. */
#ifndef WARRANT_CLI_LAUNCH_PAGE_H
#define WARRANT_CLI_LAUNCH_PAGE_H

#include <stdbool.h>
#include <string.h>
#include "cli/launch.h"

/* The description behind a page of `size` bytes. MALFORMED: cut, or no description. *ret borrows nothing of the page;
 * on failure it is empty. ret_bytes, ret_size: its stored form, in the page; may be NULL. */
MUST_USE static inline enum status launch_page_spec(const void *page, size_t size, struct run_spec *ret,
                                                    const void **ret_bytes, size_t *ret_size, struct error *error)
{
    const struct launch_page *p = page;
    *ret = (struct run_spec) { 0 };
    if (size < sizeof *p)
        return error_set(error, STATUS_MALFORMED, "the launch page is cut");
    uint32_t spec_size = __atomic_load_n(&p->spec_size, __ATOMIC_RELAXED);
    if (spec_size > size - sizeof *p)
        return error_set(error, STATUS_MALFORMED, "the launch page is cut");
    if (ret_bytes)
        *ret_bytes = p->spec;
    if (ret_size)
        *ret_size = spec_size;
    return run_spec_decode(p->spec, spec_size, ret, error);
}

/* Copies what the guest's process reported. False: it reported nothing, or nothing that it could have meant; *ret is
 * then zero. Texts end with NUL; `status` is a status. */
static inline bool launch_page_report(const struct launch_page *page, struct launch_report *ret)
{
    memcpy(ret, &page->report, sizeof *ret);
    ret->text[sizeof ret->text - 1] = '\0';
    if (ret->magic == LAUNCH_MAGIC && ret->status < STATUS_COUNT)
        return true;
    *ret = (struct launch_report) { 0 };
    return false;
}

#endif
