/* Where the guest trapped, in the HTML report. */
#include "checker/html_page.h"

#include <inttypes.h>
#include "wasi/abi/abi.h"

void html_crash(struct html_page *page)
{
    const struct check_report *r = page->report;
    if (!r->has_exit || r->exit.outcome != WASI_ENDED_TRAP)
        return;
    html_raw(page->out, "<section id=\"crash\">\n<h2>Crash</h2>\n<p>The guest trapped: <strong>");
    html_text(page->out, check_trap_text(r->exit.trap));
    html_raw(page->out, "</strong> (<code>");
    html_text(page->out, check_trap_name(r->exit.trap));
    html_raw(page->out, "</code>), in function ");
    html_number(page->out, r->exit.function);
    html_format(page->out, " at byte 0x%" PRIx32 " of the module, after ", r->exit.offset);
    html_count(page->out, r->exit.instructions, "instruction", "instructions");
    html_raw(page->out,
             ".</p>\n<p class=\"note\">The trace holds no stack. <code>warrant replay</code> comes to the same place "
             "again.</p>\n</section>\n");
}
