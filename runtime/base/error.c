/* Keeps the first failure's text, fit for a terminal. No allocation: it must work when memory is out. */
#include "runtime/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/os.h"
#include "runtime/base/text.h"

static void error_format(struct error *error, enum status status, const char *format, va_list args)
{
    error->status = status;
    text_format_fixed(error->text, sizeof error->text, format, args);
}

void error_keep(struct error *error, enum status status, const char *format, ...)
{
    if (!error || error->status != STATUS_OK)
        return;
    va_list args;
    va_start(args, format);
    error_format(error, status, format, args);
    va_end(args);
}

/* Which limit of the process an errno speaks of, for who has to raise it. */
static const char *limit_hint(int number)
{
    return number == EMFILE   ? " (the limit is ulimit -n)"
           : number == EFBIG  ? " (the limit is ulimit -f)"
           : number == ENOMEM ? " (is there a limit on it? ulimit -v)"
                              : "";
}

void error_keep_errno(struct error *error, enum status status, int number, const char *format, ...)
{
    if (!error || error->status != STATUS_OK)
        return;
    va_list args;
    va_start(args, format);
    error_format(error, status, format, args);
    va_end(args);
    size_t used = strlen(error->text);
    char reason[128];
    snprintf(error->text + used, sizeof error->text - used, ": %s%s", os_errno_text(number, reason, sizeof reason),
             limit_hint(number));
}

enum status error_copy(struct error *error, enum status status, const struct error *from)
{
    if (!error || error->status != STATUS_OK)
        return status;
    error->status = status;
    memcpy(error->text, from->text, sizeof error->text);
    return status;
}

void error_append(struct error *error, const char *format, ...)
{
    if (!error || error->status == STATUS_OK)
        return;
    size_t used = strlen(error->text);
    va_list args;
    va_start(args, format);
    text_format_fixed(error->text + used, sizeof error->text - used, format, args);
    va_end(args);
}

void error_prefix(struct error *error, const char *format, ...)
{
    if (!error || error->status == STATUS_OK)
        return;
    char text[ERROR_TEXT_MAX];
    va_list args;
    memcpy(text, error->text, sizeof text);
    va_start(args, format);
    size_t used = text_format_fixed(error->text, sizeof error->text, format, args);
    va_end(args);
    snprintf(error->text + used, sizeof error->text - used, ": %s", text);
}
