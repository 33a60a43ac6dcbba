/* Blocks, branches and the segments that they end (3.3.8). What ends a segment, and whether a label does, is decided as
 * validate_control.c and prepare_branch.c decide it: a label at an `end` splits code only where some branch that can be
 * reached goes there. */
#include "runtime/jit/jit_translate.h"

#include <stdlib.h>

static struct jit_control *top(const struct jit_function *f) { return &f->controls[f->control_count - 1]; }

static uint32_t label_count(const struct jit_control *c)
{
    return c->kind == CONTROL_LOOP ? c->type->function.param_count : c->type->function.result_count;
}

/* A block that begins with a phi for each value that comes with a branch to it. */
static LLVMBasicBlockRef label_block(struct jit_function *f, const char *name, uint32_t count, const uint32_t *types)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMBasicBlockRef before = LLVMGetInsertBlock(b), block = jit_block(f, name);
    LLVMPositionBuilderAtEnd(b, block);
    for (uint32_t i = 0; i < count; i++)
        LLVMBuildPhi(b, jit_type(f->m, types[i]), "");
    LLVMPositionBuilderAtEnd(b, before);
    return block;
}

/* Gives the block's phis the topmost `count` operands, from the block at hand. */
static void bring(struct jit_function *f, LLVMBasicBlockRef to, uint32_t count)
{
    LLVMBasicBlockRef from = LLVMGetInsertBlock(f->m->builder);
    LLVMValueRef phi = LLVMGetFirstInstruction(to);
    for (uint32_t i = 0; i < count; i++, phi = LLVMGetNextInstruction(phi))
        LLVMAddIncoming(phi, &f->stack[f->height - count + i], &from, 1);
}

/* The block at hand is the label's: its phis are operands. */
static enum status arrive(struct jit_function *f, LLVMBasicBlockRef block, uint32_t count, const uint32_t *types)
{
    LLVMPositionBuilderAtEnd(f->m->builder, block);
    LLVMValueRef phi = LLVMGetFirstInstruction(block);
    for (uint32_t i = 0; i < count; i++) {
        LLVMValueRef next = LLVMGetNextInstruction(phi);
        TRY(jit_push(f, phi, types[i]));
        phi = next;
    }
    return STATUS_OK;
}

enum status jit_control_push(struct jit_function *f, enum control_kind kind, const struct type_def *type)
{
    if (f->control_count == f->control_capacity) {
        uint32_t capacity = f->control_capacity ? f->control_capacity * 2 : 32;
        struct jit_control *grown = realloc(f->controls, capacity * sizeof *grown);
        if (!grown)
            return STATUS_NO_MEMORY;
        f->controls = grown;
        f->control_capacity = capacity;
    }
    f->controls[f->control_count++] =
        (struct jit_control) { .type = type, .height = f->height, .kind = (uint8_t)kind, .live_at_entry = f->live };
    return STATUS_OK;
}

/* The parameters become operands again, now that the block has them below itself. */
static void lower(struct jit_function *f, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        (void)jit_pop(f);
}

static enum status enter_loop(struct jit_function *f, const struct rt_functype *t)
{
    TRY(jit_charge(f, 1));
    LLVMBasicBlockRef head = label_block(f, "loop", t->param_count, t->params);
    bring(f, head, t->param_count);
    LLVMBuildBr(f->m->builder, head);
    lower(f, t->param_count);
    TRY(jit_control_push(f, CONTROL_LOOP, f->r.block));
    top(f)->target = head;
    return arrive(f, head, t->param_count, t->params);
}

static enum status enter_if(struct jit_function *f, const struct rt_functype *t)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMValueRef condition = jit_pop(f);
    TRY(jit_charge(f, 0));
    LLVMBasicBlockRef then = jit_block(f, "then"), otherwise = label_block(f, "else", t->param_count, t->params);
    bring(f, otherwise, t->param_count);
    LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntNE, condition, jit_i32(f->m, 0), ""), then, otherwise);
    LLVMPositionBuilderAtEnd(b, then);
    f->height -= t->param_count;
    TRY(jit_control_push(f, CONTROL_IF, f->r.block));
    f->height += t->param_count;
    top(f)->otherwise = otherwise;
    top(f)->target = label_block(f, "end", t->result_count, t->results);
    return STATUS_OK;
}

static enum status enter(struct jit_function *f)
{
    const struct rt_functype *t = &f->r.block->function;
    if (f->r.insn == INSN_LOOP)
        return enter_loop(f, t);
    if (f->r.insn == INSN_IF)
        return enter_if(f, t);
    f->height -= t->param_count;
    TRY(jit_control_push(f, CONTROL_BLOCK, f->r.block));
    f->height += t->param_count;
    top(f)->target = label_block(f, "end", t->result_count, t->results);
    return STATUS_OK;
}

/* Leaves the function with the topmost operands. */
enum status jit_leave_function(struct jit_function *f)
{
    const struct rt_functype *t = function_type(f->m->module, f->function->index);
    LLVMBuilderRef b = f->m->builder;
    LLVMValueRef both[2];
    TRY(jit_charge(f, 0));
    both[0] = jit_fuel(f);
    for (uint32_t i = 0, slot = 0; t->result_count > 1 && i < t->result_count; slot += jit_width(t->results[i++]))
        jit_slot_put(f, f->fp, slot, f->stack[f->height - t->result_count + i], t->results[i]);
    if (t->result_count == 1)
        both[1] = f->stack[f->height - 1];
    LLVMBuildAggregateRet(b, both, t->result_count == 1 ? 2 : 1);
    return STATUS_OK;
}

/* Goes to the label with the topmost operands; the segment has been charged. */
static enum status go(struct jit_function *f, struct jit_control *target)
{
    if (target->kind == CONTROL_FUNCTION)
        return jit_leave_function(f);
    target->reached |= target->kind != CONTROL_LOOP;
    if (target->kind == CONTROL_LOOP)
        TRY(jit_poll(f));
    bring(f, target->target, label_count(target));
    LLVMBuildBr(f->m->builder, target->target);
    return STATUS_OK;
}

static void set_dead(struct jit_function *f)
{
    f->live = false;
    f->height = top(f)->height;
}

static enum status branch(struct jit_function *f)
{
    struct jit_control *target = &f->controls[f->control_count - 1 - f->r.x];
    TRY(jit_charge(f, 0));
    TRY(go(f, target));
    set_dead(f);
    return STATUS_OK;
}

static enum status branch_if(struct jit_function *f)
{
    struct jit_control *target = &f->controls[f->control_count - 1 - f->r.x];
    LLVMBuilderRef b = f->m->builder;
    LLVMValueRef condition = jit_pop(f);
    TRY(jit_charge(f, 0));
    LLVMBasicBlockRef taken = jit_block(f, "taken"), on = jit_block(f, "on");
    LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntNE, condition, jit_i32(f->m, 0), ""), taken, on);
    LLVMPositionBuilderAtEnd(b, taken);
    TRY(go(f, target));
    LLVMPositionBuilderAtEnd(b, on);
    return STATUS_OK;
}

/* Each label is gone to from a block of its own, however often the table names it. */
static enum status branch_table(struct jit_function *f)
{
    LLVMBuilderRef b = f->m->builder;
    uint32_t count = f->r.label_count - 1, fallback = f->r.labels[count];
    LLVMValueRef selector = jit_pop(f);
    TRY(jit_charge(f, 0));
    LLVMBasicBlockRef *ways = (LLVMBasicBlockRef *)calloc(f->control_count, sizeof *ways);
    if (!ways)
        return STATUS_NO_MEMORY;
    ways[fallback] = jit_block(f, "way");
    LLVMValueRef choice = LLVMBuildSwitch(b, selector, ways[fallback], count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t depth = f->r.labels[i];
        if (!ways[depth])
            ways[depth] = jit_block(f, "way");
        LLVMAddCase(choice, jit_i32(f->m, i), ways[depth]);
    }
    enum status status = STATUS_OK;
    for (uint32_t depth = 0; status == STATUS_OK && depth < f->control_count; depth++) {
        if (!ways[depth])
            continue;
        LLVMPositionBuilderAtEnd(b, ways[depth]);
        status = go(f, &f->controls[f->control_count - 1 - depth]);
    }
    free((void *)ways);
    set_dead(f);
    return status;
}

/* `else`: what was before it goes to the end; the other way begins. */
static enum status enter_else(struct jit_function *f)
{
    struct jit_control *c = top(f);
    const struct rt_functype *t = &c->type->function;
    LLVMBasicBlockRef otherwise = c->otherwise;
    c->kind = CONTROL_ELSE;
    c->otherwise = NULL;
    if (f->live) {
        TRY(jit_charge(f, 0));
        TRY(go(f, c));
    }
    f->cost = 0;
    f->height = c->height;
    f->live = true; /* it was, where the `if` stands, or this would be skipped */
    return arrive(f, otherwise, t->param_count, t->params);
}

/* An `if` without `else`: the other way brings its parameters to the end. */
static enum status bring_parameters(struct jit_function *f, const struct jit_control *c)
{
    const struct rt_functype *t = &c->type->function;
    uint32_t height = f->height;
    TRY(arrive(f, c->otherwise, t->param_count, t->params));
    bring(f, c->target, t->param_count);
    LLVMBuildBr(f->m->builder, c->target);
    f->height = height;
    return STATUS_OK;
}

static enum status leave(struct jit_function *f)
{
    struct jit_control *c = top(f);
    const struct rt_functype *t = &c->type->function;
    if (c->kind == CONTROL_FUNCTION) {
        if (f->live)
            TRY(jit_leave_function(f));
        f->control_count--;
        return STATUS_OK;
    }
    if (c->reached || c->kind == CONTROL_IF) {
        if (f->live) {
            TRY(jit_charge(f, 0));
            TRY(go(f, c));
        }
        if (c->kind == CONTROL_IF)
            TRY(bring_parameters(f, c));
        f->height = c->height;
        f->live = true;
        f->cost = 0;
        TRY(arrive(f, c->target, t->result_count, t->results));
    } else if (c->kind != CONTROL_LOOP) {
        LLVMDeleteBasicBlock(c->target); /* nobody goes there */
    }
    f->control_count--;
    return STATUS_OK;
}

enum status jit_control(struct jit_function *f)
{
    switch ((enum insn_control)f->r.insn) {
    case CONTROL_INSN_NOP:
        return STATUS_OK;
    case CONTROL_INSN_BLOCK:
    case CONTROL_INSN_LOOP:
    case CONTROL_INSN_IF:
        return enter(f);
    case CONTROL_INSN_ELSE:
        return enter_else(f);
    case CONTROL_INSN_END:
        return leave(f);
    case CONTROL_INSN_BR:
        return branch(f);
    case CONTROL_INSN_BR_IF:
        return branch_if(f);
    case CONTROL_INSN_BR_TABLE:
        return branch_table(f);
    case CONTROL_INSN_CALL:
        return jit_call(f);
    case CONTROL_INSN_CALL_INDIRECT:
        return jit_call_indirect(f);
    case CONTROL_INSN_RETURN:
        TRY(jit_leave_function(f));
        set_dead(f);
        return STATUS_OK;
    case CONTROL_INSN_UNREACHABLE:
        TRY(jit_trap(f, RT_TRAP_UNREACHABLE, f->cost));
        set_dead(f);
        return STATUS_OK;
    case CONTROL_INSN_RETURN_CALL:
        TRY(jit_tail_call(f));
        set_dead(f);
        return STATUS_OK;
    case CONTROL_INSN_RETURN_CALL_INDIRECT:
        TRY(jit_tail_call_indirect(f));
        set_dead(f);
        return STATUS_OK;
    }
    return STATUS_INTERNAL;
}
