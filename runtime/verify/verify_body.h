/* One function while it is verified. Internal to runtime/verify/. */
#ifndef WARRANT_RUNTIME_VERIFY_BODY_H
#define WARRANT_RUNTIME_VERIFY_BODY_H

#include "runtime/verify/verify.h"
#include "runtime/verify/verify_insn.h"

struct verify_body {
    const struct verify_object *object;
    const struct verify_start *start;
    uint32_t end;              /* of its text */
    struct verify_insn *insns; /* all of it; owned by the caller */
    uint32_t count;
    const char *refused; /* the first reason */
    uint32_t refused_at;
};

/* Keeps the first reason. false, so that rules can return it. */
bool verify_refuse(struct verify_body *b, uint32_t at, const char *why);
/* The instruction that begins there, by number; UINT32_MAX: none does. */
uint32_t verify_find(const struct verify_body *b, uint32_t at);
/* The function that begins there, or NULL. */
const struct verify_start *verify_find_start(const struct verify_object *o, uint32_t at);

/* verify_flow.c: follows all paths of a function whose instructions and direct jumps are good. */
MUST_USE enum status verify_follow(struct verify_body *b);

#endif
