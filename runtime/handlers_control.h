/* The interpreter's handlers for control, calls, variables, tables and bulk memory; see interp.c for the macros. What
 * can call out of the loop does so between SAVE and LOAD_BACK: the instance must look right to the host, and the memory
 * may have grown. */
/* clang-format off */

HANDLER(EXIT)
{
    SAVE();
    return RT_TRAP_NONE;
}
HANDLER(CHARGE)
{
    CHARGE(w >> 32);
    NEXT(1);
}
HANDLER(COPY)
{
    fp[C] = fp[A];
    NEXT(1);
}
HANDLER(MOVE)
{
    memmove(&fp[C], &fp[A], pc[1] * sizeof *fp);
    NEXT(2);
}
HANDLER(CONST_U32)
{
    fp[C] = LOW;
    NEXT(1);
}
HANDLER(CONST_S32)
{
    fp[C] = (uint64_t)(int64_t)(int32_t)LOW;
    NEXT(1);
}
HANDLER(CONST_64)
{
    fp[C] = pc[1];
    NEXT(2);
}
HANDLER(ADD_OFFSET)
{
    fp[C] = fp[A] + pc[1];
    NEXT(2);
}
HANDLER(BR)
{
    CHARGE(A);
    GO(pc);
}
HANDLER(BR_TABLE)
{
    uint64_t last = pc[1] >> 32, at = (uint32_t)fp[A];
    CHARGE((uint32_t)pc[1]);
    GO(pc + 2 + (at < last ? at : last));
}
HANDLER(RETURN)
{
    CHARGE(C);
    memmove(fp, &fp[A], B * sizeof *fp);
    LEAVE();
}
HANDLER(RETURN_1)
{
    CHARGE(C);
    fp[0] = fp[A];
    LEAVE();
}
HANDLER(CALL)
{
    CHARGE(C);
    const struct function *callee = (const struct function *)(uintptr_t)pc[1];
    ENTER(callee);
}
HANDLER(CALL_IMPORT)
{
    CHARGE(C);
    const struct function_object *callee = &instance->functions[pc[1]];
    CALL_OUT(callee->host(callee->env, instance, &fp[A]), callee);
}
/* Declares `callee` and its `type`: the table's element that slot B selects. */
#define FIND_CALLEE()                                                                                                  \
    const struct rt_table *table = vm->tables[pc[1] >> 32];                                                            \
    uint32_t at = (uint32_t)fp[B];                                                                                     \
    if (at >= table->size)                                                                                             \
        TRAP(UNDEFINED_ELEMENT);                                                                                       \
    const struct function_object *callee = (const struct function_object *)(uintptr_t)table->elements[at];             \
    if (!callee)                                                                                                       \
        TRAP(UNINITIALIZED_ELEMENT);                                                                                   \
    const struct rt_functype *type = &instance->module->types[(uint32_t)pc[1]];                                        \
    if (callee->type != type && !functype_equal(callee->type, type))                                                   \
        TRAP(INDIRECT_TYPE)
HANDLER(CALL_INDIRECT)
{
    CHARGE(C);
    FIND_CALLEE();
    if (callee->owner == instance && callee->function->code)
        ENTER(callee->function);
    CALL_OUT(function_call(callee, &fp[A]), callee);
}
HANDLER(TAIL_CALL)
{
    CHARGE(C);
    const struct function *callee = (const struct function *)(uintptr_t)pc[1];
    TAIL_ENTER(callee);
}
HANDLER(TAIL_CALL_IMPORT)
{
    CHARGE(C);
    const struct function_object *callee = &instance->functions[pc[1]];
    TAIL_CALL_OUT(callee->host(callee->env, instance, fp), callee->function->param_slots);
}
HANDLER(TAIL_CALL_INDIRECT)
{
    CHARGE(C);
    FIND_CALLEE();
    if (callee->owner == instance && callee->function->code)
        TAIL_ENTER(callee->function);
    TAIL_CALL_OUT(function_call(callee, fp), rt_type_slots(type->param_count, type->params));
}
HANDLER(MEMORY_SELECT)
{
    const struct memory *selected = instance->memories[LOW];
    memory = selected->base;
    memory_size = memory_bytes(selected);
    NEXT(1);
}
HANDLER(UNREACHABLE) { TRAP(UNREACHABLE); }
HANDLER(SELECT)
{
    fp[C] = (uint32_t)fp[pc[1]] ? fp[A] : fp[B];
    NEXT(2);
}
HANDLER(GLOBAL_GET)
{
    fp[C] = vm->globals[LOW];
    NEXT(1);
}
HANDLER(GLOBAL_SET)
{
    vm->globals[LOW] = fp[C];
    NEXT(1);
}
HANDLER(GLOBAL_GET_SHARED)
{
    fp[C] = *(const uint64_t *)(uintptr_t)vm->globals[LOW];
    NEXT(1);
}
HANDLER(GLOBAL_SET_SHARED)
{
    *(uint64_t *)(uintptr_t)vm->globals[LOW] = fp[C];
    NEXT(1);
}
HANDLER(TABLE_GET)
{
    const struct rt_table *table = vm->tables[pc[1]];
    if ((uint32_t)fp[A] >= table->size)
        TRAP(TABLE_BOUNDS);
    fp[C] = table->elements[(uint32_t)fp[A]];
    NEXT(2);
}
HANDLER(TABLE_SET)
{
    struct rt_table *table = vm->tables[pc[1]];
    if ((uint32_t)fp[A] >= table->size)
        TRAP(TABLE_BOUNDS);
    table->elements[(uint32_t)fp[A]] = fp[C];
    NEXT(2);
}
HANDLER(TABLE_SIZE)
{
    fp[C] = vm->tables[pc[1]]->size;
    NEXT(2);
}
HANDLER(TABLE_GROW)
{
    uint32_t before;
    SAVE();
    kind = table_grow(instance, (uint32_t)pc[1], fp[A], (uint32_t)fp[B], &before);
    LOAD_BACK();
    if (kind != RT_TRAP_NONE)
        goto trap;
    fp[C] = before;
    NEXT(2);
}
HANDLER(TABLE_FILL)
{
    SAVE();
    kind = table_fill(instance, (uint32_t)pc[1], (uint32_t)fp[A], fp[B], (uint32_t)fp[C]);
    LOAD_BACK();
    if (kind != RT_TRAP_NONE)
        goto trap;
    NEXT(2);
}
HANDLER(TABLE_COPY)
{
    SAVE();
    kind = table_copy(instance, (uint32_t)(pc[1] >> 32), (uint32_t)pc[1], (uint32_t)fp[A], (uint32_t)fp[B], (uint32_t)fp[C]);
    LOAD_BACK();
    if (kind != RT_TRAP_NONE)
        goto trap;
    NEXT(2);
}
HANDLER(TABLE_INIT)
{
    SAVE();
    kind = table_init_segment(instance, (uint32_t)(pc[1] >> 32), (uint32_t)pc[1], (uint32_t)fp[A], (uint32_t)fp[B],
                              (uint32_t)fp[C]);
    LOAD_BACK();
    if (kind != RT_TRAP_NONE)
        goto trap;
    NEXT(2);
}
HANDLER(ELEM_DROP)
{
    instance->elem_dropped[LOW] = true;
    NEXT(1);
}
HANDLER(MEMORY_SIZE)
{
    fp[C] = instance->memories[B]->pages;
    NEXT(1);
}
HANDLER(MEMORY_GROW)
{
    SAVE();
    fp[C] = memory_grow(instance, B, (uint32_t)fp[A]);
    LOAD_BACK();
    NEXT(1);
}
HANDLER(MEMORY_FILL)
{
    SAVE();
    kind = bulk_fill(instance, (uint32_t)pc[1], (uint32_t)fp[A], (uint8_t)fp[B], (uint32_t)fp[C]);
    LOAD_BACK();
    if (kind != RT_TRAP_NONE)
        goto trap;
    NEXT(2);
}
HANDLER(MEMORY_COPY)
{
    SAVE();
    kind = bulk_copy(instance, (uint32_t)(pc[1] >> 32), (uint32_t)pc[1], (uint32_t)fp[A], (uint32_t)fp[B], (uint32_t)fp[C]);
    LOAD_BACK();
    if (kind != RT_TRAP_NONE)
        goto trap;
    NEXT(2);
}
HANDLER(MEMORY_INIT)
{
    SAVE();
    kind = bulk_init(instance, (uint32_t)(pc[1] >> 32), (uint32_t)pc[1], (uint32_t)fp[A], (uint32_t)fp[B], (uint32_t)fp[C]);
    LOAD_BACK();
    if (kind != RT_TRAP_NONE)
        goto trap;
    NEXT(2);
}
HANDLER(DATA_DROP)
{
    instance->data_dropped[LOW] = true;
    NEXT(1);
}
HANDLER(REF_FUNC)
{
    fp[C] = (uint64_t)(uintptr_t)&instance->functions[LOW];
    NEXT(1);
}
/* clang-format on */
