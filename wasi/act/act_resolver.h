/* What passes between the live backend and the resolver: messages of a socket pair that keeps them whole.
 *
 * A question is one u32: the name's place in the policy, and above it a count, so that each question is another. An
 * answer is a list of struct net_address whose first is of no family and has the question as its scope: an answer to
 * another question is none. The resolver's first message, before any question, is RESOLVER_READY: it is confined. */
#ifndef WARRANT_ACT_RESOLVER_H
#define WARRANT_ACT_RESOLVER_H

#include <stdbool.h>
#include "runtime/base/limits.h"
#include "wasi/abi/net.h"

enum { RESOLVER_READY = 0x72656479, RESOLVER_NAMES = 256, RESOLVER_ANSWER = LIMIT_ADDRESSES };
_Static_assert((int)LIMIT_NAMES <= (int)RESOLVER_NAMES, "a name's place is the low byte of a question");

static inline uint32_t resolver_question(uint32_t count, uint32_t name) { return count * RESOLVER_NAMES + name; }
static inline uint32_t resolver_name(uint32_t question) { return question % RESOLVER_NAMES; }

static inline struct net_address resolver_answer_head(uint32_t question)
{
    return (struct net_address) { .family = NET_NONE, .scope = question };
}

/* Whether an answer that begins so is one to the question. */
static inline bool resolver_answers(const struct net_address *head, uint32_t question)
{
    return head->family == NET_NONE && head->scope == question;
}

#endif
