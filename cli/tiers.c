/* Names of tiers, both ways. */
#include "cli/tiers.h"

#include <string.h>

#define TIERS_NAME(tier, name, text) [RT_TIER_##tier] = name,
static const char *const names[RT_TIER_COUNT] = { RT_TIER_LIST(TIERS_NAME) };

const char *tiers_compiled_left_out(void)
{
    return "its verifier does not follow references yet, and no process of its own compiles; so it runs the project's "
           "own tests alone";
}

const char *tier_name(enum rt_tier tier) { return names[tier]; }

enum status tier_find(const char *name, enum rt_tier *ret, struct error *error)
{
    for (int tier = 0; tier < RT_TIER_COUNT; tier++)
        if (strcmp(names[tier], name) == 0) {
            *ret = (enum rt_tier)tier;
            return STATUS_OK;
        }
    return error_set(error, STATUS_INVALID, "there is no tier \"%s\"; tiers of this version:%s%s%s", name,
                     RT_TIER_LIST(TIERS_WORD),
                     strcmp(name, "compiled") == 0 ? ". The compiled tier is not offered: " : "",
                     strcmp(name, "compiled") == 0 ? tiers_compiled_left_out() : "");
}

int tier_option(const struct command *command, const char *value)
{
    enum rt_tier tier;
    struct error error = ERROR_INIT;
    return tier_find(value, &tier, &error) == STATUS_OK ? -1 : command_refused(command, &error);
}
