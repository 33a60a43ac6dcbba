/* The facts of a run as a table, and what they say of its confinement in words. */
#include "wasi/policy/run_facts.h"

#include <stdio.h>
#include <string.h>

const struct run_fact_row run_fact_rows[RUN_FACT_COUNT] = {
#define RUN_FACT_TEXT(field, name, most)   { name, offsetof(struct run_facts, field), most, true },
#define RUN_FACT_NUMBER(field, name, most) { name, offsetof(struct run_facts, field), most, false },
    RUN_FACT_LIST(RUN_FACT_TEXT, RUN_FACT_NUMBER)
};

const char *run_fact_text(const struct run_facts *facts, const struct run_fact_row *row)
{
    char *text;
    memcpy((void *)&text, (const char *)facts + row->offset, sizeof text);
    return text ? text : "";
}

uint64_t run_fact_number(const struct run_facts *facts, const struct run_fact_row *row)
{
    uint64_t number;
    memcpy(&number, (const char *)facts + row->offset, sizeof number);
    return number;
}

const char *run_walker_name(enum run_walker walker)
{
    static const char *const names[RUN_WALKER_COUNT] = { "auto", "openat2", "components" };
    return (unsigned)walker < RUN_WALKER_COUNT ? names[walker] : "?";
}

const char *run_sync_name(enum run_sync sync)
{
    static const char *const names[RUN_SYNC_COUNT] = { "none", "chunk", "call" };
    return (unsigned)sync < RUN_SYNC_COUNT ? names[sync] : "?";
}

const char *confine_line_name(enum confine_line line)
{
#define LINE_NAME(id, text) text,
    static const char *const names[] = { CONFINE_LINE_LIST(LINE_NAME) };
#undef LINE_NAME
    return (unsigned)line < CONFINE_LINE_COUNT ? names[line] : "?";
}

const char *confine_state_name(enum confine_state state)
{
    static const char *const names[CONFINE_STATE_COUNT] = { "off", "on", "in part", "absent", "failed" };
    return (unsigned)state < CONFINE_STATE_COUNT ? names[state] : "?";
}

enum run_confinement run_confinement(const struct run_facts *facts)
{
    unsigned on = 0, part = 0;
    for (unsigned line = 0; line < CONFINE_LINE_COUNT; line++) {
        on += facts->line_held[line] == CONFINE_ON;
        part += facts->line_held[line] == CONFINE_PART;
    }
    return on == CONFINE_LINE_COUNT ? RUN_CONFINED : on + part > 0 ? RUN_CONFINED_WEAKER : RUN_UNCONFINED;
}

void run_confinement_text(const struct run_facts *facts, char *ret, size_t size)
{
    enum run_confinement found = run_confinement(facts);
    if (found != RUN_CONFINED_WEAKER) {
        snprintf(ret, size, "%s",
                 found == RUN_CONFINED ? "whole"
                 : facts->lines_asked  ? "absent: no line held"
                                       : "off (--no-confine)");
        return;
    }
    size_t used = 0;
    for (unsigned line = 0; line < CONFINE_LINE_COUNT && used < size; line++) {
        if (facts->line_held[line] == CONFINE_ON)
            continue;
        int added =
            snprintf(ret + used, size - used, "%s%s %s", used ? ", " : "", confine_line_name((enum confine_line)line),
                     confine_state_name((enum confine_state)facts->line_held[line]));
        used += added > 0 ? (size_t)added : 0;
    }
}
