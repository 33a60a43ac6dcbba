/* Where the guest trapped, in the HTML report. */
#include "checker/html_page.h"

#include <inttypes.h>
#include <string.h>
#include "wasi/abi/abi.h"

enum { FRAMES_OPEN = 12 }; /* the others are behind a line */

/* Line by line. */
static void stack_put(struct html_page *page)
{
    struct buffer words = BUFFER_INIT;
    crash_words(&page->report->exit.stack, page->report->crash, &words);
    size_t lines = 0, line = 0;
    for (size_t i = 0; i < words.size; i++)
        lines += words.data[i] == '\n';
    if (lines > 0)
        html_raw(page->out, "<ul class=\"stack\">\n");
    for (size_t at = 0; at < words.size; line++) {
        const uint8_t *begin = words.data + at, *end = memchr(begin, '\n', words.size - at);
        size_t length = end ? (size_t)(end - begin) : words.size - at;
        if (line == FRAMES_OPEN && lines > FRAMES_OPEN + 1) {
            html_raw(page->out, "</ul>\n<details><summary>");
            html_count(page->out, lines - line, "more line", "more lines");
            html_raw(page->out, "</summary>\n<ul class=\"stack\">\n");
        }
        html_raw(page->out, "<li><code>");
        html_text_bytes(page->out, begin, length);
        html_raw(page->out, "</code></li>\n");
        at += length + 1;
    }
    if (lines > 0)
        html_raw(page->out, "</ul>\n");
    if (lines > FRAMES_OPEN + 1)
        html_raw(page->out, "</details>\n");
    if (words.status != STATUS_OK)
        page->out->status = words.status;
    buffer_done(&words);
}

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
    html_raw(page->out, ".</p>\n");
    stack_put(page);
    html_raw(page->out, "</section>\n");
}
