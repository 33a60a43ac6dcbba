/* Where the directories of a policy lie on this machine. */
#ifndef WARRANT_CLI_POLICY_PLACES_H
#define WARRANT_CLI_POLICY_PLACES_H

#include "checker/checker.h"

/* Resolves each directory as a recording started here would. Returns owned, one for each file of the policy;
 * policy_places_free. */
MUST_USE enum status policy_places_find(const struct policy *policy, struct check_place **ret, struct error *error);
void policy_places_free(struct check_place *places, uint32_t count); /* NULL is fine */

#endif
