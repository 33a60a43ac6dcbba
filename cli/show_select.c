/* What `show` is asked to leave out: ranges, calls and classes. */
#include "cli/show_select.h"

#include <string.h>

#include "cli/nearest.h"
#include "wasi/policy/policy.h"

/* A number of events, or nothing at all: `*ret` stays. */
static int take_event(const struct command *command, const char *text, size_t size, uint64_t *ret)
{
    char number[32];
    if (size == 0)
        return -1;
    if (size >= sizeof number)
        return command_usage(command, "--range wants A..B, numbers of events");
    memcpy(number, text, size);
    number[size] = 0;
    return command_number(command, "range", policy_parse_count, number, 0, ret);
}

int show_select_range(const struct command *command, const char *value, struct show_select *select)
{
    const char *dots = strstr(value, "..");
    if (!dots)
        return command_usage(command, "--range wants A..B, and not \"%s\"", value);
    int status = take_event(command, value, (size_t)(dots - value), &select->first);
    if (status < 0)
        status = take_event(command, dots + 2, strlen(dots + 2), &select->last);
    if (status < 0 && select->first > select->last)
        return command_usage(command, "the range \"%s\" ends before it begins", value);
    return status;
}

static void offer(void *self, const char *name) { nearest_offer(self, name); }

static int unknown(const struct command *command, const char *name, size_t size)
{
    const char *what = size > 0 && *name == '%' ? "class" : "hostcall";
    struct nearest nearest = nearest_to(name, size);
    show_set_names(offer, &nearest);
    if (size == 0)
        return command_usage(command, "--calls wants names of hostcalls or classes with commas between them");
    if (nearest.name)
        return command_usage(command, "there is no %s \"%.*s\"; \"%s\" is near", what, (int)size, name, nearest.name);
    return command_usage(command, "there is no %s \"%.*s\"; the classes are %%file, %%network, %%refused and %%failed",
                         what, (int)size, name);
}

int show_select_calls(const struct command *command, const char *value, struct show_select *select)
{
    if (select->filter.set_count == SHOW_SETS_MAX)
        return command_usage(command, "--calls may be given %d times", SHOW_SETS_MAX);
    struct show_set *set = &select->filter.set[select->filter.set_count++];
    if (*value == '!') {
        set->negated = true;
        value++;
    }
    for (;;) {
        size_t size = strcspn(value, ",");
        if (size > 0 && *value == '!')
            return command_usage(command, "a ! stands before the whole list: \"!fd_read,fd_write\" leaves out both");
        if (!show_set_add(set, value, size))
            return unknown(command, value, size);
        if (!value[size])
            return -1;
        value += size + 1;
    }
}
