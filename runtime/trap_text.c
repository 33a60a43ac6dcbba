/* The words for a trap. A file of its own, so that who prints them has no engine in it. */
#include "runtime/rt.h"

#define TRAP_TEXT(kind, text) text,
const char *rt_trap_text(enum rt_trap_kind kind)
{
    static const char *const texts[] = { RT_TRAP_LIST(TRAP_TEXT) };
    return (unsigned)kind < RT_TRAP_COUNT ? texts[kind] : "unknown trap";
}
#undef TRAP_TEXT
