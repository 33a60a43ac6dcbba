/* The engine's tiers as the command speaks of them: RT_TIER_LIST for options, help and doctor. */
#ifndef WARRANT_CLI_TIERS_H
#define WARRANT_CLI_TIERS_H

#include "cli/options.h"
#include "runtime/rt.h"

#define TIERS_WORD(tier, name, text) " " name
#define TIERS_HELP                   "how to execute the guest; tiers of this version:" RT_TIER_LIST(TIERS_WORD)
#define TIER_OPTION_ROW              { 0, "tier", "TIER", TIERS_HELP }

/* Why no guest is run by compiled code, whether the build has the compiler or not. */
const char *tiers_compiled_left_out(void);
/* As --tier takes it, and traces have it. Static storage. */
const char *tier_name(enum rt_tier tier);
/* Finds the tier that --tier names. INVALID, with a text that says which exist. */
MUST_USE enum status tier_find(const char *name, enum rt_tier *ret, struct error *error);
/* The same for a command whose tier is the only one. -1, or the exit status of a name that is none. */
int tier_option(const struct command *command, const char *value);

#endif
