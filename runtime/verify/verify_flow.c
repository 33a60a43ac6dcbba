/* All paths through a function: from its start, with what the interface says of the registers, over joins until nothing
 * new is found. The targets of jump tables are found on the way; if one lies inside a run that was followed already,
 * all begins anew with that known. */
#include <stdlib.h>
#include <string.h>
#include "runtime/base/limits.h"
#include "runtime/base/try.h"
#include "runtime/module.h"
#include "runtime/verify/verify_abi.h"
#include "runtime/verify/verify_state.h"

enum { STEPS_PER_INSN = 200, ROUNDS_MAX = 100, RCX = 1, RSI = 6, RDI = 7 };

static void enter(struct flow *f)
{
    static const uint8_t kept[] = { 3, 5, 12, 13, 14, 15 };
    struct state *s = &f->now;
    s->slot_count = s->fact_count = 0;
    s->flags = (struct flags) { 0 };
    for (uint32_t i = 0; i < VERIFY_REGISTERS; i++)
        s->registers[i] = (struct value) { .symbol = flow_symbol(f, SYMBOL_JOIN, UINT32_MAX, i, UINT64_MAX) };
    for (size_t i = 0; i < sizeof kept; i++)
        s->registers[kept[i]] = value_of(REGION_SAVED, kept[i]);
    s->registers[VERIFY_RSP] = value_of(REGION_STACK, 0);
    s->registers[RDI] = value_of(REGION_CONTEXT, 0);
    s->registers[RSI] = value_of(REGION_FRAME, 0);
    if (!f->body->start->way_in)
        s->registers[RCX] = value_of(REGION_DEPTH, 0);
}

/* Goes to an instruction of the function. */
static bool go(struct flow *f, const struct verify_insn *from, uint32_t target)
{
    if (target >= f->body->count)
        return verify_refuse(f->body, from->at, "code that goes on behind its end");
    f->again |= !f->body->insns[target].leader;
    f->body->insns[target].leader = true;
    flow_sweep(f, &f->now);
    flow_join(f, target, &f->now);
    return true;
}

/* Each target that the jump can have. */
static bool go_all(struct flow *f, const struct verify_insn *insn, struct value code)
{
    uint64_t last = (uint64_t)code.add >> 32, at = (uint32_t)code.add;
    for (uint64_t i = 0; i <= last; i++) {
        int32_t distance;
        memcpy(&distance, f->body->object->image + code.param + 4 * i, sizeof distance);
        int64_t to = (int64_t)at + distance;
        uint32_t target = to >= 0 && to < UINT32_MAX ? verify_find(f->body, (uint32_t)to) : UINT32_MAX;
        if (target == UINT32_MAX || target == 0)
            return verify_refuse(f->body, insn->at, "a jump table that leads elsewhere");
        if (!go(f, insn, target))
            return false;
    }
    return true;
}

static bool jump(struct flow *f, const struct verify_insn *insn)
{
    bool inside = insn->target != UINT32_MAX && insn->target > f->body->start->at && insn->target < f->body->end;
    if (inside)
        return go(f, insn, verify_find(f->body, insn->target));
    if (insn->target == UINT32_MAX && insn->op[0].kind == OPERAND_REG) {
        struct value code = f->now.registers[insn->op[0].reg];
        if (code.region == REGION_TARGET)
            return go_all(f, insn, code);
    }
    return flow_jump_away(f, insn);
}

/* Either way; the one that goes on stays at hand. */
static bool branch(struct flow *f, const struct verify_insn *insn)
{
    f->no_memory |= !state_copy(&f->other, &f->now);
    flow_condition(f, &f->now, (enum verify_condition)insn->condition, true);
    bool good = go(f, insn, verify_find(f->body, insn->target));
    struct state spare = f->now;
    f->now = f->other;
    f->other = spare;
    flow_condition(f, &f->now, (enum verify_condition)insn->condition, false);
    return good;
}

/* One instruction; ret_goes_on: the next is executed after it. */
static bool execute(struct flow *f, const struct verify_insn *insn, bool *ret_goes_on)
{
    bool ends = false;
    *ret_goes_on = false;
    switch (insn->kind) {
    case STEP_RET:
        return flow_return(f, insn);
    case STEP_END:
        return true;
    case STEP_JMP:
        return jump(f, insn);
    case STEP_JCC:
        *ret_goes_on = true;
        return branch(f, insn);
    case STEP_CALL:
        if (!flow_call(f, insn, &ends))
            return false;
        *ret_goes_on = !ends;
        return true;
    default:
        *ret_goes_on = true;
        return flow_step(f, insn);
    }
}

/* From a leader to where its run ends. */
static bool run(struct flow *f, uint32_t at, uint64_t *steps)
{
    f->no_memory |= !state_copy(&f->now, &f->states[at]);
    for (bool goes_on = true; goes_on;) {
        struct verify_insn *insn = &f->body->insns[at];
        insn->followed = true;
        if (f->now.registers[VERIFY_RSP].region == REGION_STACK &&
            f->now.registers[VERIFY_RSP].add < -VERIFY_FRAME_BYTES - 64)
            return verify_refuse(f->body, insn->at, "a native frame that is too large");
        if ((*steps)++ > (uint64_t)STEPS_PER_INSN * f->body->count + 100000)
            return verify_refuse(f->body, insn->at, "code that takes too long to follow");
        if (!execute(f, insn, &goes_on))
            return false;
        if (!goes_on)
            break;
        if (++at >= f->body->count)
            return verify_refuse(f->body, insn->at, "code that goes on behind its end");
        if (f->body->insns[at].leader)
            return go(f, insn, at);
    }
    return !f->no_memory;
}

static bool follow_once(struct flow *f)
{
    uint64_t steps = 0;
    for (uint32_t i = 0; i < f->body->count; i++) {
        f->states[i].reached = false;
        f->queued[i] = false;
    }
    f->lowest = 0;
    f->again = false;
    enter(f);
    f->body->insns[0].leader = true;
    flow_join(f, 0, &f->now);
    while (f->lowest < f->body->count) { /* in the order of the text, which is nearly that of the paths */
        uint32_t at = f->lowest++;
        if (!f->queued[at])
            continue;
        f->queued[at] = false;
        if (!run(f, at, &steps))
            return false;
    }
    return true;
}

/* What no path comes to does nothing, so that all of the text is padding or has been looked at. */
static bool rest_pads(struct flow *f)
{
    for (uint32_t i = 0; i < f->body->count; i++)
        if (!f->body->insns[i].followed && !f->body->insns[i].pads)
            return verify_refuse(f->body, f->body->insns[i].at, "code that no path comes to");
    return true;
}

static void done(struct flow *f)
{
    for (uint32_t i = 0; f->states && i < f->body->count; i++)
        state_done(&f->states[i]);
    state_done(&f->now);
    state_done(&f->other);
    state_done(&f->joined);
    free(f->states);
    free(f->queued);
    free(f->symbols);
    free(f->buckets);
}

enum status verify_follow(struct verify_body *b)
{
    struct flow f = { .body = b, .module = b->object->module };
    f.global_of_slot = b->object->global_of_slot;
    f.global_slots = b->object->global_slots;
    f.frame_bytes = 8ull * f.module->functions[b->start->function].frame_slots;
    f.states = calloc(b->count, sizeof *f.states);
    f.queued = calloc(b->count, sizeof *f.queued);
    f.no_memory = !f.states || !f.queued;
    bool good = !f.no_memory;
    for (int rounds = 0; good && (rounds == 0 || f.again); rounds++)
        good = rounds < ROUNDS_MAX ? follow_once(&f)
                                   : verify_refuse(b, b->start->at, "code that takes too long to follow");
    if (good)
        (void)rest_pads(&f);
    bool no_memory = f.no_memory;
    done(&f);
    return no_memory ? STATUS_NO_MEMORY : STATUS_OK;
}
