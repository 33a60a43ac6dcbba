/* Fuzzes the launch page, both ways: the run's description that the guest's process and the recorder read from it, and
 * the report that the launcher reads from what an owned process left there. The input is the page. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli/launch_page.h"
#include "wasi/start.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_spec(const void *page, size_t size)
{
    struct run_spec spec;
    struct error error = ERROR_INIT;
    const void *bytes = NULL;
    size_t spec_size = 0;
    enum status status = launch_page_spec(page, size, &spec, &bytes, &spec_size, &error);
    if (status == STATUS_OK) {
        struct wasi_start start;
        if (spec_size > size || (const uint8_t *)bytes + spec_size > (const uint8_t *)page + size)
            abort();
        if (wasi_start_init(&spec, &start, &error) == STATUS_OK)
            wasi_start_done(&start);
    } else if (!error.text[0] || spec.args || spec.initial || spec.policy.files) {
        abort(); /* a failure without a reason, or with something left */
    }
    run_spec_done(&spec);
}

static void read_report(const struct launch_page *page)
{
    struct launch_report report;
    bool reported = launch_page_report(page, &report);
    if (!memchr(report.text, 0, sizeof report.text))
        abort(); /* a text that goes on behind its field */
    if (reported ? report.status >= STATUS_COUNT || page->report.magic != LAUNCH_MAGIC
                 : report.magic || report.status || report.text[0])
        abort();
    (void)status_text((enum status)report.status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Aligned as a mapping is, and exactly as large as the input. */
    void *page = malloc(size ? size : 1);
    if (!page)
        return 0;
    memcpy(page, data, size);
    read_spec(page, size);
    if (size >= sizeof(struct launch_page))
        read_report(page);
    free(page);
    return 0;
}
