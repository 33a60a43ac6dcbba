/* The timeline of the HTML report: hostcalls by kind, bytes, and what went wrong, in a fixed number of columns.
 *
 * A drawing of paths only, so that it is as large for a hundred calls as for a million; what it shows is also said in
 * words. Without a clock (a trace without an end relates no ticks to time) the columns are of the order of calls. */
#include "checker/html_page.h"

#include <inttypes.h>

enum { COLUMN = 10, WIDTH = HTML_BUCKETS * COLUMN, CALLS_HEIGHT = 150, BYTES_HEIGHT = 70, MARKS_HEIGHT = 16 };

#define KIND_TEXT(id, text) text,
static const char *const kind_texts[] = { HTML_KIND_LIST(KIND_TEXT) };
#undef KIND_TEXT

static uint64_t calls_of(const struct html_bucket *bucket)
{
    uint64_t calls = 0;
    for (unsigned k = 0; k < HTML_KINDS; k++)
        calls += bucket->calls[k];
    return calls;
}

/* A column's part that begins `from` above the ground, both in the lane's values. Nothing that is there is invisible.
 */
static void put_bar(struct buffer *out, size_t column, uint64_t from, uint64_t value, uint64_t most, unsigned height)
{
    if (value == 0 || most == 0)
        return;
    double low = (double)from / (double)most * height, high = (double)value / (double)most * height;
    high = high < 1 ? 1 : high;
    low = low + high > height ? height - high : low;
    html_format(out, "M%zu %.1fh%dv%.1fh-%dz", column * COLUMN + 1, height - low, COLUMN - 2, -high, COLUMN - 2);
}

/* lane: the class, which has the height on the screen. */
static void svg_begin(struct buffer *out, const char *lane, unsigned height, const char *label)
{
    html_raw(out, "<svg class=\"");
    html_text(out, lane);
    html_raw(out, "\" viewBox=\"0 0 ");
    html_format(out, "%d %u", WIDTH, height);
    html_raw(out, "\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
    html_text(out, label);
    html_raw(out, "\">\n");
}

static void svg_end(struct buffer *out) { html_raw(out, "</svg>\n"); }

static void path_begin(struct buffer *out, const char *class)
{
    html_raw(out, "<path class=\"");
    html_text(out, class);
    html_raw(out, "\" d=\"");
}

static void path_end(struct buffer *out) { html_raw(out, "\"/>\n"); }

static void put_calls(struct html_page *page, uint64_t most)
{
    svg_begin(page->out, "l0", CALLS_HEIGHT, "hostcalls in each part of the run, by kind");
    for (unsigned k = 0; k < HTML_KINDS; k++) {
        char class[] = "k0";
        class[1] = (char)('0' + k);
        path_begin(page->out, class);
        for (size_t i = 0; i < HTML_BUCKETS; i++) {
            const struct html_bucket *bucket = &page->scan.bucket[i];
            uint64_t from = 0;
            for (unsigned below = 0; below < k; below++)
                from += bucket->calls[below];
            put_bar(page->out, i, from, bucket->calls[k], most, CALLS_HEIGHT);
        }
        path_end(page->out);
    }
    svg_end(page->out);
}

static void put_bytes(struct html_page *page, uint64_t most)
{
    svg_begin(page->out, "l1", BYTES_HEIGHT, "bytes into and out of the guest in each part of the run");
    path_begin(page->out, "in");
    for (size_t i = 0; i < HTML_BUCKETS; i++)
        put_bar(page->out, i, 0, page->scan.bucket[i].bytes_in, most, BYTES_HEIGHT);
    path_end(page->out);
    path_begin(page->out, "out");
    for (size_t i = 0; i < HTML_BUCKETS; i++)
        put_bar(page->out, i, page->scan.bucket[i].bytes_in, page->scan.bucket[i].bytes_out, most, BYTES_HEIGHT);
    path_end(page->out);
    svg_end(page->out);
}

static void put_marks(struct html_page *page)
{
    svg_begin(page->out, "l2", MARKS_HEIGHT, "where calls failed, were refused, or were contradicted by the kernel");
    static const char *const classes[] = { "failed", "refused", "contradicted" };
    for (unsigned mark = 0; mark < 3; mark++) {
        path_begin(page->out, classes[mark]);
        for (size_t i = 0; i < HTML_BUCKETS; i++) {
            const struct html_bucket *b = &page->scan.bucket[i];
            const uint64_t counts[] = { b->refused || b->contradicted ? 0 : b->failed, b->contradicted ? 0 : b->refused,
                                        b->contradicted };
            put_bar(page->out, i, 0, counts[mark] > 0, 1, MARKS_HEIGHT);
        }
        path_end(page->out);
    }
    svg_end(page->out);
}

static void put_key(struct buffer *out, const char *class, const char *text)
{
    html_raw(out, "<li><i class=\"");
    html_text(out, class);
    html_raw(out, "\"></i>");
    html_text(out, text);
    html_raw(out, "</li>\n");
}

static void lane_begin(struct buffer *out, const char *what, const char *unit)
{
    html_raw(out, "<figure>\n<figcaption><strong>");
    html_text(out, what);
    html_raw(out, "</strong>");
    html_text(out, unit);
}

static void put_axis(struct html_page *page)
{
    double ns = 0;
    if (page->scan.timed)
        ns = (double)(page->scan.last - page->scan.first) * page->scan.ns_per_tick;
    html_raw(page->out, "<p class=\"axis\"><span>");
    html_text(page->out, page->scan.timed ? "first hostcall" : "first");
    html_raw(page->out, "</span><span>");
    if (page->scan.timed) {
        html_time(page->out, (uint64_t)ns);
        html_raw(page->out, " later");
    } else {
        html_text(page->out, "last");
    }
    html_raw(page->out, "</span></p>\n");
}

static void put_notes(struct html_page *page)
{
    html_raw(page->out, "<p class=\"note\">");
    if (!page->scan.timed)
        html_raw(page->out,
                 "The trace relates no clock to its calls: they stand in their order, each as wide as the others. ");
    else
        html_raw(page->out, "From the first hostcall to the end of the last. ");
    if (page->scan.unplaced > 0) {
        html_count(page->out, page->scan.unplaced, "hostcall without any time is", "hostcalls without any time are");
        html_raw(page->out, " not drawn. ");
    }
    html_raw(page->out, "Drawn in ");
    html_number(page->out, HTML_BUCKETS);
    html_raw(page->out, " columns, each the sum of its calls; each call is in <code>warrant show</code>.</p>\n");
}

void html_timeline(struct html_page *page)
{
    uint64_t calls = 0, bytes = 0;
    html_raw(page->out, "<section id=\"timeline\">\n<h2>Timeline</h2>\n");
    if (page->scan.all.count == 0) {
        html_none(page, "The guest made no hostcall");
        html_raw(page->out, "</section>\n");
        return;
    }
    for (size_t i = 0; i < HTML_BUCKETS; i++) {
        const struct html_bucket *b = &page->scan.bucket[i];
        calls = calls_of(b) > calls ? calls_of(b) : calls;
        bytes = b->bytes_in + b->bytes_out > bytes ? b->bytes_in + b->bytes_out : bytes;
    }
    lane_begin(page->out, "Hostcalls", ", at most ");
    html_number(page->out, calls);
    html_raw(page->out, " in a column<ul class=\"key\">\n");
    for (unsigned k = 0; k < HTML_KINDS; k++) {
        char class[] = "k0";
        class[1] = (char)('0' + k);
        put_key(page->out, class, kind_texts[k]);
    }
    html_raw(page->out, "</ul></figcaption>\n");
    put_calls(page, calls);
    html_raw(page->out, "</figure>\n");
    lane_begin(page->out, "Bytes", ", at most ");
    html_bytes(page->out, bytes);
    html_raw(page->out, " in a column<ul class=\"key\">\n");
    put_key(page->out, "in", "into the guest");
    put_key(page->out, "out", "out of the guest");
    html_raw(page->out, "</ul></figcaption>\n");
    put_bytes(page, bytes);
    html_raw(page->out, "</figure>\n");
    lane_begin(page->out, "Errors", "");
    html_raw(page->out, "<ul class=\"key\">\n");
    put_key(page->out, "failed", "answered with an error");
    put_key(page->out, "refused", "refused by a rule");
    put_key(page->out, "contradicted", "contradicted by the kernel's record");
    html_raw(page->out, "</ul></figcaption>\n");
    put_marks(page);
    html_raw(page->out, "</figure>\n");
    put_axis(page);
    put_notes(page);
    html_raw(page->out, "</section>\n");
}
