/* Constant expressions, evaluated in an instance (4.4.9). Their types and depth were settled when they were decoded. */
#include "runtime/instance.h"

#include <string.h>

/* The slots of a global, wherever they are. Only immutable ones are read here, and of those an instance has copies. */
static const uint64_t *global_slots(const struct rt_instance *instance, uint64_t index)
{
    return &instance->vm.globals[instance->module->globals[index].slot];
}

/* Adds, subtracts, multiplies; the width is the operands'. */
static uint64_t arithmetic(const struct const_expr *step, uint64_t x, uint64_t y)
{
    uint64_t result = step->kind == CONST_ADD ? x + y : step->kind == CONST_SUB ? x - y : x * y;
    return step->type == RT_I32 ? (uint32_t)result : result;
}

static uint64_t run(struct rt_instance *instance, const struct const_program *program)
{
    uint64_t stack[LIMIT_CONST_DEPTH] = { 0 };
    uint32_t height = 0;
    for (uint32_t i = 0; i < program->count; i++) {
        const struct const_expr *step = &program->steps[i];
        if (step->kind == CONST_ADD || step->kind == CONST_SUB || step->kind == CONST_MUL) {
            height--;
            stack[height - 1] = arithmetic(step, stack[height - 1], stack[height]);
        } else {
            stack[height++] = const_value(instance, step);
        }
    }
    return stack[0];
}

uint64_t const_value(struct rt_instance *instance, const struct const_expr *expr)
{
    switch ((enum const_kind)expr->kind) {
    case CONST_GLOBAL:
        return *global_slots(instance, expr->bits);
    case CONST_FUNCTION:
        return (uint64_t)(uintptr_t)&instance->vm.functions[expr->bits];
    case CONST_PROGRAM:
        return run(instance, (const struct const_program *)(uintptr_t)expr->bits);
    case CONST_ADD:
    case CONST_SUB:
    case CONST_MUL:
    case CONST_V128:
    case CONST_BITS:
        break;
    }
    return expr->bits;
}

void const_store(struct rt_instance *instance, const struct const_expr *expr, uint64_t *ret)
{
    if (expr->type != RT_V128)
        *ret = const_value(instance, expr);
    else if (expr->kind == CONST_GLOBAL)
        memcpy(ret, global_slots(instance, expr->bits), 2 * sizeof *ret);
    else
        memcpy(ret, (const uint64_t *)(uintptr_t)expr->bits, 2 * sizeof *ret);
}
