/* Keeps the first failure's text. No allocation: it must work when memory is out. */
#include "runtime/base/error.h"

#include <stdio.h>
#include <string.h>

static void error_format(struct error *error, enum status status, const char *format, va_list args)
{
    error->status = status;
    if (vsnprintf(error->text, sizeof error->text, format, args) < 0)
        error->text[0] = '\0';
}

enum status error_set(struct error *error, enum status status, const char *format, ...)
{
    if (!error || error->status != STATUS_OK)
        return status;
    va_list args;
    va_start(args, format);
    error_format(error, status, format, args);
    va_end(args);
    return status;
}

enum status error_set_errno(struct error *error, enum status status, int number, const char *format, ...)
{
    if (!error || error->status != STATUS_OK)
        return status;
    va_list args;
    va_start(args, format);
    error_format(error, status, format, args);
    va_end(args);
    size_t used = strlen(error->text);
    char reason[128];
    snprintf(error->text + used, sizeof error->text - used, ": %s", strerror_r(number, reason, sizeof reason));
    return status;
}

void error_prefix(struct error *error, const char *format, ...)
{
    if (!error || error->status == STATUS_OK)
        return;
    char prefix[ERROR_TEXT_MAX], text[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    if (vsnprintf(prefix, sizeof prefix, format, args) < 0)
        prefix[0] = '\0';
    va_end(args);
    memcpy(text, error->text, sizeof text);
    size_t used = strlen(prefix);
    memcpy(error->text, prefix, used + 1);
    snprintf(error->text + used, sizeof error->text - used, ": %s", text);
}
