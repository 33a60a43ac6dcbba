/* Lists what a check found, for whoever prints it: text, JSON, and what else may come. */
#include "checker/checker.h"

/* The file that shows it: the trace, but where the kernel's record alone does. */
static const char *file_of(const struct check_report *report, const struct check_finding *f)
{
    return f->record != CHECK_NO_PLACE && f->event == CHECK_NO_PLACE ? report->witness_path : report->trace_path;
}

size_t check_report_visit(const struct check_report *report, size_t limit, check_told_fn *visit, void *self)
{
    size_t count = limit > 0 && limit < report->findings_kept ? limit : report->findings_kept;
    for (size_t i = 0; i < count; i++) {
        const struct check_finding *f = &report->findings[i];
        const struct check_finding_row *row = check_finding_row(f->kind);
        const struct check_told told = {
            .rule = row->rule,
            .level = check_severity_name((enum check_severity)row->severity),
            .text = row->text,
            .advice = row->advice,
            .evidence = f->evidence,
            .fails = row->fails,
            .file = file_of(report, f),
            .hostcall = f->hostcall,
            .event = f->event,
            .chunk = f->chunk,
            .record = f->record,
            .call = f->call_name,
            .syscall = f->syscall_name[0] ? f->syscall_name : NULL,
            .impact = f->impact,
        };
        visit(self, &told);
    }
    return count;
}
