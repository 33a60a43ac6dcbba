/* What a policy grants, for people and as JSON: `warrant policy lint`. */
#ifndef WARRANT_CLI_POLICY_WORDS_H
#define WARRANT_CLI_POLICY_WORDS_H

#include "runtime/base/json_writer.h"
#include "wasi/policy/policy.h"

/* A line for each thing granted or withheld. */
void policy_words_print(const struct policy *policy);
/* What it grants and limits, as members of an open object. */
void policy_words_members(const struct policy *policy, struct json *json);
/* One object, and a newline. looked: whether this machine was asked for what the policy names. */
void policy_words_json(const struct policy *policy, bool looked, struct buffer *out);

#endif
