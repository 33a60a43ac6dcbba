/* The interpreter's handlers for control, calls, variables and constants; see interp.h for the macros, prepared.h for
 * the operands. */
/* clang-format off */

HANDLER(EXIT)
{
    UNUSED_STATE();
    SAVE();
    return RT_TRAP_NONE;
}
HANDLER(PREPARE)
{
    SAVE();
    TRAP_IF(prepare_function(instance, frame->function));
    pc = frame->function->units;
    NEXT(0);
}
HANDLER(ENTERED)
{
    SAVE();
    watch_entered(instance);
    NEXT(1);
}
HANDLER(LEFT)
{
    SAVE();
    watch_left(instance);
    NEXT(1);
}
HANDLER(PIECE)
{
    watch_piece(instance, U32(1));
    NEXT(3);
}
HANDLER(CHARGE)
{
    CHARGE(U32(1));
    NEXT(3);
}
HANDLER(ZERO)
{
    memset(&S(1), 0, U(2) * sizeof *fp);
    NEXT(3);
}
HANDLER(ZERO_1)
{
    S(1) = 0;
    NEXT(2);
}
HANDLER(ZERO_2)
{
    uint64_t *at_ = &S(1);
    at_[0] = at_[1] = 0;
    NEXT(2);
}
HANDLER(ZERO_3)
{
    uint64_t *at_ = &S(1);
    at_[0] = at_[1] = at_[2] = 0;
    NEXT(2);
}
HANDLER(ZERO_4)
{
    uint64_t *at_ = &S(1);
    at_[0] = at_[1] = at_[2] = at_[3] = 0;
    NEXT(2);
}
HANDLER(COPY)
{
    S(2) = S(1);
    NEXT(3);
}
HANDLER(COPY_2)
{
    S(2) = S(1);
    S(4) = S(3);
    NEXT(5);
}
HANDLER(I32_ADD_SK_2)
{
    S(4) = (uint32_t)(S(1) + U32(2));
    R = (uint32_t)(S(5) + U32(6));
    S(8) = R;
    NEXT(9);
}
HANDLER(COPY_R)
{
    S(1) = R;
    NEXT(2);
}
HANDLER(MOVE)
{
    memmove(&S(2), &S(1), U(3) * sizeof *fp);
    NEXT(4);
}
HANDLER(CONST_32)
{
    S(3) = (uint64_t)K32(1);
    NEXT(4);
}
HANDLER(CONST_U32)
{
    S(3) = U32(1);
    NEXT(4);
}
HANDLER(CONST_64)
{
    S(5) = U64(1);
    NEXT(6);
}
HANDLER(BR)
{
    CHARGE(U(1));
    GO(pc + 2);
}
HANDLER(BR_TABLE_S)
{
    uint32_t last_ = U32(3), at_ = (uint32_t)S(1);
    CHARGE(U(2));
    GO(pc + 5 + 2 * (uint64_t)(at_ < last_ ? at_ : last_));
}
HANDLER(BR_TABLE_R)
{
    uint32_t last_ = U32(2), at_ = (uint32_t)R;
    CHARGE(U(1));
    GO(pc + 4 + 2 * (uint64_t)(at_ < last_ ? at_ : last_));
}
HANDLER(RETURN)
{
    CHARGE(U(3));
    memmove(fp, &S(1), U(2) * sizeof *fp);
    LEAVE();
}
HANDLER(RETURN_0)
{
    CHARGE(U(1));
    LEAVE();
}
HANDLER(RETURN_S)
{
    CHARGE(U(2));
    R = S(1);
    fp[0] = R;
    LEAVE();
}
HANDLER(RETURN_R)
{
    CHARGE(U(1));
    fp[0] = R;
    LEAVE();
}
HANDLER(RETURN_K)
{
    CHARGE(U(3));
    R = U32(1);
    fp[0] = R;
    LEAVE();
}
HANDLER(NATIVE)
{
    const struct function_object *callee = frame->function;
    uint64_t *slots = fp;
    bool outermost = frame == instance->frames;
    pc = frame->pc;
    fp = frame->fp;
    frame--;
    depth++;
    SAVE();
    if (outermost)
        instance->frame = NULL;
    enum rt_trap_kind ended_ = callee->code(callee, slots);
    LOAD_BACK();
    if (UNLIKELY(ended_ != RT_TRAP_NONE))
        return ended_;
    if (callee->function->result_slots > 0)
        R = slots[0];
    NEXT(0);
}
HANDLER(CALL)
{
    CHARGE(U(2));
    ENTER(&vm->functions[U32(3)], PREP_CALL_UNITS);
}
HANDLER(CALL_IMPORT)
{
    CHARGE(U(2));
    const struct function_object *callee = &vm->functions[U32(3)];
    CALL_OUT(callee->code(callee, &S(1)), PREP_CALL_UNITS);
}
/* Declares `callee`: the table's element that slot U(3) selects. */
#define FIND_CALLEE()                                                                                                  \
    const struct table *table = vm->tables[U(6)];                                                                      \
    uint32_t at_ = (uint32_t)S(3);                                                                                     \
    if (UNLIKELY(at_ >= table->size))                                                                                  \
        TRAP(UNDEFINED_ELEMENT);                                                                                       \
    const struct function_object *callee = (const struct function_object *)(uintptr_t)table->elements[at_];            \
    if (UNLIKELY(!callee))                                                                                             \
        TRAP(UNINITIALIZED_ELEMENT)
/* Whether it is one of this instance, and of exactly the type that is wanted. */
#define CALLEE_IS_OWN() LIKELY(callee->type == vm->types[U32(4)] && callee->owner == instance && callee->units)
/* Declares `type`, which the callee has. */
#define MATCH_CALLEE()                                                                                                 \
    const struct type_def *type = vm->types[U32(4)];                                                                   \
    if (UNLIKELY(!callee_matches(instance, callee, type)))                                                             \
        TRAP(INDIRECT_TYPE)
/* Other indirect calls, apart, so that the usual one needs none of the compiler's stack. */
HANDLER(CALL_INDIRECT_OTHER)
{
    FIND_CALLEE();
    MATCH_CALLEE();
    (void)type;
    if (callee->owner == instance && callee->units)
        ENTER(callee, PREP_CALL_INDIRECT_UNITS);
    CALL_OUT(callee->code(callee, &S(1)), PREP_CALL_INDIRECT_UNITS);
}
HANDLER(CALL_INDIRECT)
{
    CHARGE(U(2));
    FIND_CALLEE();
    if (!CALLEE_IS_OWN())
        CONTINUE(CALL_INDIRECT_OTHER);
    ENTER(callee, PREP_CALL_INDIRECT_UNITS);
}
HANDLER(TAIL_CALL)
{
    CHARGE(U(2));
    TAIL_ENTER(&vm->functions[U32(3)]);
}
HANDLER(TAIL_CALL_IMPORT)
{
    CHARGE(U(2));
    const struct function_object *callee = &vm->functions[U32(3)];
    TAIL_CALL_OUT(callee->code(callee, fp), callee->function->param_slots, callee->function->result_slots);
}
HANDLER(TAIL_CALL_INDIRECT_OTHER)
{
    FIND_CALLEE();
    MATCH_CALLEE();
    if (callee->owner == instance && callee->units)
        TAIL_ENTER(callee);
    TAIL_CALL_OUT(callee->code(callee, fp), type->param_slots, type->result_slots);
}
HANDLER(TAIL_CALL_INDIRECT)
{
    CHARGE(U(2));
    FIND_CALLEE();
    if (!CALLEE_IS_OWN())
        CONTINUE(TAIL_CALL_INDIRECT_OTHER);
    TAIL_ENTER(callee);
}
HANDLER(MEMORY_SELECT)
{
    const struct memory *selected = vm->memories[U(1)];
    memory = selected->base;
    memory_size = memory_bytes(selected);
    NEXT(2);
}
HANDLER(UNREACHABLE) { TRAP(UNREACHABLE); }
HANDLER(SELECT_S)
{
    R = (uint32_t)S(3) ? S(1) : S(2);
    S(4) = R;
    NEXT(5);
}
HANDLER(SELECT_R)
{
    R = (uint32_t)R ? S(1) : S(2);
    S(3) = R;
    NEXT(4);
}
HANDLER(SELECT_S_R)
{
    R = (uint32_t)S(3) ? S(1) : S(2);
    NEXT(4);
}
HANDLER(SELECT_R_R)
{
    R = (uint32_t)R ? S(1) : S(2);
    NEXT(3);
}
HANDLER(GLOBAL_GET)
{
    R = vm->globals[U32(1)];
    S(3) = R;
    NEXT(4);
}
HANDLER(GLOBAL_GET_R)
{
    R = vm->globals[U32(1)];
    NEXT(3);
}
HANDLER(GLOBAL_SET_S)
{
    vm->globals[U32(1)] = S(3);
    NEXT(4);
}
HANDLER(GLOBAL_SET_R)
{
    vm->globals[U32(1)] = R;
    NEXT(3);
}
HANDLER(GLOBAL_GET_SHARED)
{
    S(3) = *(const uint64_t *)(uintptr_t)vm->globals[U32(1)];
    NEXT(4);
}
HANDLER(GLOBAL_SET_SHARED)
{
    *(uint64_t *)(uintptr_t)vm->globals[U32(1)] = S(3);
    NEXT(4);
}
HANDLER(REF_FUNC)
{
    S(3) = (uint64_t)(uintptr_t)&vm->functions[U32(1)];
    NEXT(4);
}
/* clang-format on */
