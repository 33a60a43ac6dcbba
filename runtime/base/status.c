/* The texts of the status codes, from the one list in status.h. */
#include "runtime/base/status.h"

const char *status_text(enum status status)
{
#define STATUS_TEXT(code, text) text,
    static const char *const texts[] = { STATUS_LIST(STATUS_TEXT) };
#undef STATUS_TEXT
    return (unsigned)status < STATUS_COUNT ? texts[status] : "unknown status";
}
