/* Tones of a check's report: labels, severities and the result, by what a line begins with. No line begins with
 * anything that a guest chose: its newlines are escaped. */
#include "cli/check_tones.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *begins;
    enum print_tone tone;
} severities[] = {
    { "critical ", PRINT_BAD }, { "error ", PRINT_BAD }, { "warning ", PRINT_DOUBT }, { "notice ", PRINT_NAME }
};

static bool begins(const char *line, size_t size, const char *with)
{
    return size >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

static enum print_tone result_tone(const struct check_report *report)
{
    return report->exit_status != 0                             ? PRINT_BAD
           : strcmp(check_report_verdict(report), "clean") == 0 ? PRINT_GOOD
                                                                : PRINT_DOUBT;
}

/* The part of the line that has a tone; nothing: from is to. */
static struct print_mark mark_of(const struct check_report *report, const char *line, size_t size)
{
    size_t from = 0;
    for (size_t i = 0; i < sizeof severities / sizeof *severities; i++)
        if (begins(line, size, severities[i].begins))
            return (struct print_mark) { 0, strlen(severities[i].begins) - 1, severities[i].tone };
    if (begins(line, size, "result "))
        return (struct print_mark) { 0, size, result_tone(report) };
    while (from < size && line[from] == ' ')
        from++;
    size_t to = from;
    while (to < size && line[to] != ' ')
        to++;
    bool label = to + 1 < size && line[to + 1] == ' ';
    return (struct print_mark) { from, label ? to : from, PRINT_DIM };
}

void check_tones_print(const struct check_report *report, const struct buffer *text)
{
    const char *bytes = (const char *)text->data;
    size_t lines = 0, count = 0;
    for (size_t i = 0; i < text->size; i++)
        lines += bytes[i] == '\n';
    struct print_mark *marks = calloc(lines + 1, sizeof *marks);
    for (size_t at = 0; marks && at < text->size;) {
        const char *end = memchr(bytes + at, '\n', text->size - at);
        size_t size = end ? (size_t)(end - bytes) - at : text->size - at;
        struct print_mark mark = mark_of(report, bytes + at, size);
        if (mark.to > mark.from)
            marks[count++] = (struct print_mark) { at + mark.from, at + mark.to, mark.tone };
        at += size + 1;
    }
    print_marked(stdout, text->data, text->size, marks, count); /* without memory, without tones */
    free(marks);
}
