/* warrant-recorder: the process that owns the trace. Reads the ring, which the guest's process fills, and trusts
 * nothing in it. */
#include "cli/child_report.h"
#include "cli/launch_page.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const void *file_map(int fd, size_t *ret_size)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_size <= 0)
        return NULL;
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    *ret_size = (size_t)st.st_size;
    return bytes == MAP_FAILED ? NULL : bytes;
}

static void ready(void *self)
{
    (void)self;
    struct child_message message = { .kind = CHILD_READY };
    child_report(RECORDER_FD_REPORT, &message);
}

int main(void)
{
    struct error error = ERROR_INIT;
    struct recorder_options options = { .ring_fd = RECORDER_FD_RING,
                                        .trace_fd = RECORDER_FD_TRACE,
                                        .alive_fd = RECORDER_FD_ALIVE };
    size_t page_size = 0;
    const struct launch_page *page = file_map(RECORDER_FD_LAUNCH, &page_size);
    if (!page)
        return child_report_failure(RECORDER_FD_REPORT, STATUS_INVALID,
                                    (error_set(&error, STATUS_INVALID, "the launch page is missing"), &error));
    struct run_spec spec;
    enum status s = launch_page_spec(page, page_size, &spec, &options.description, &options.description_size, &error);
    if (s != STATUS_OK)
        return child_report_failure(RECORDER_FD_REPORT, s, &error);
    memcpy(options.run_id, spec.run_id, sizeof options.run_id);
    if (!page->no_module)
        options.module = file_map(RECORDER_FD_MODULE, &options.module_size);
    struct child_message message = { .kind = CHILD_DONE };
    s = recorder_run(&options, ready, NULL, &message.end, &error);
    if (s != STATUS_OK) {
        message.kind = CHILD_FAILED;
        message.status = s;
        memcpy(message.text, error.text, sizeof message.text);
    }
    child_report(RECORDER_FD_REPORT, &message);
    return 0;
}
