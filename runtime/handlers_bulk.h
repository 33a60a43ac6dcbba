/* The interpreter's handlers for tables and for a memory as a whole; see interp.h for the macros, prepared.h for the
 * operands. What works outside of the interpreter does so between SAVE and TRAP_IF: the instance must look right, and
 * the memory may have grown. */
/* clang-format off */

HANDLER(TABLE_GET)
{
    const struct table *table = vm->tables[U(2)];
    if ((uint32_t)S(1) >= table->size)
        TRAP(TABLE_BOUNDS);
    S(3) = table->elements[(uint32_t)S(1)];
    NEXT(4);
}
HANDLER(TABLE_SET)
{
    struct table *table = vm->tables[U(2)];
    if ((uint32_t)S(1) >= table->size)
        TRAP(TABLE_BOUNDS);
    table->elements[(uint32_t)S(1)] = S(3);
    NEXT(4);
}
HANDLER(TABLE_SIZE)
{
    S(2) = vm->tables[U(1)]->size;
    NEXT(3);
}
HANDLER(TABLE_GROW)
{
    uint32_t before_;
    SAVE();
    TRAP_IF(table_grow(instance, U(3), S(1), (uint32_t)S(2), &before_));
    S(4) = before_;
    NEXT(5);
}
HANDLER(TABLE_FILL)
{
    SAVE();
    TRAP_IF(table_fill(instance, U(4), (uint32_t)S(1), S(2), (uint32_t)S(3)));
    NEXT(5);
}
HANDLER(TABLE_COPY)
{
    SAVE();
    TRAP_IF(table_copy(instance, U(4), U(5), (uint32_t)S(1), (uint32_t)S(2), (uint32_t)S(3)));
    NEXT(6);
}
HANDLER(TABLE_INIT)
{
    SAVE();
    TRAP_IF(table_init_segment(instance, U(4), U32(5), (uint32_t)S(1), (uint32_t)S(2), (uint32_t)S(3)));
    NEXT(7);
}
HANDLER(ELEM_DROP)
{
    vm->elem_dropped[U32(1)] = true;
    NEXT(3);
}
HANDLER(MEMORY_SIZE)
{
    S(2) = vm->memories[U(1)]->pages;
    NEXT(3);
}
HANDLER(MEMORY_GROW)
{
    SAVE();
    S(3) = memory_grow(instance, U(2), (uint32_t)S(1));
    memory_size = vm->memory_size;
    NEXT(4);
}
HANDLER(MEMORY_FILL)
{
    SAVE();
    TRAP_IF(bulk_fill(instance, U(4), (uint32_t)S(1), (uint8_t)S(2), (uint32_t)S(3)));
    NEXT(5);
}
HANDLER(MEMORY_COPY)
{
    SAVE();
    TRAP_IF(bulk_copy(instance, U(4), U(5), (uint32_t)S(1), (uint32_t)S(2), (uint32_t)S(3)));
    NEXT(6);
}
HANDLER(MEMORY_INIT)
{
    SAVE();
    TRAP_IF(bulk_init(instance, U(4), U32(5), (uint32_t)S(1), (uint32_t)S(2), (uint32_t)S(3)));
    NEXT(7);
}
HANDLER(DATA_DROP)
{
    vm->data_dropped[U32(1)] = true;
    NEXT(3);
}
/* clang-format on */
