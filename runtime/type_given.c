/* Definitions that no module makes: of blocks without a type index, and of host functions. */
#include "runtime/types.h"

/* The types of blocks that give one value. */
#define SINGLE(type)                                                                                                   \
    { .function = { 0, 1, NULL, single_##type },                                                                       \
      .result_stack = single_##type,                                                                                   \
      .result_slots = (RT_##type == RT_V128) + 1,                                                                      \
      .super = TYPE_NO_SUPER,                                                                                          \
      .group_size = 1,                                                                                                 \
      .final = true,                                                                                                   \
      .flat = true }
static const uint32_t single_I32[] = { RT_I32 }, single_I64[] = { RT_I64 }, single_F32[] = { RT_F32 },
                      single_F64[] = { RT_F64 }, single_V128[] = { RT_V128, TYPE_UPPER_HALF },
                      single_FUNCREF[] = { RT_FUNCREF }, single_EXTERNREF[] = { RT_EXTERNREF };
static const struct type_def singles[] = { SINGLE(I32),  SINGLE(I64),     SINGLE(F32),      SINGLE(F64),
                                           SINGLE(V128), SINGLE(FUNCREF), SINGLE(EXTERNREF) };

const struct type_def type_def_empty = { .super = TYPE_NO_SUPER, .group_size = 1, .final = true, .flat = true };

const struct type_def *type_def_single(uint32_t type)
{
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
        if (singles[i].function.results[0] == type)
            return &singles[i];
    return NULL;
}

struct type_def type_def_given(const struct rt_functype *function)
{
    struct type_def d = type_def_empty;
    d.function = *function;
    return d;
}
