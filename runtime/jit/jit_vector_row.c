/* A vector's row, executed for compiled code. What comes from there is believed nowhere: a row, a lane or a place that
 * the translation would not have emitted is refused. */
#include "runtime/jit/jit_translate.h"

#include <string.h>
#include "runtime/simd.h"

typedef void row_fn(uint64_t *slots, const uint16_t *units, uint8_t *at);
#define INSN(code, name, text, immediate, signature, class) INSN_FUNCTION_##class(name)
#define INSN_FUNCTION(name)                                 [INSN_##name] = simd_##name,
#define INSN_FUNCTION_V_UNARY(name)                         INSN_FUNCTION(name)
#define INSN_FUNCTION_V_BINARY(name)                        INSN_FUNCTION(name)
#define INSN_FUNCTION_V_LOAD(name)                          INSN_FUNCTION(name)
#define INSN_FUNCTION_V_STORE(name)                         INSN_FUNCTION(name)
#define INSN_FUNCTION_V_CONST(name)
#define INSN_FUNCTION_V_TERNARY(name)    INSN_FUNCTION(name)
#define INSN_FUNCTION_V_SHUFFLE(name)    INSN_FUNCTION(name)
#define INSN_FUNCTION_V_EXTRACT(name)    INSN_FUNCTION(name)
#define INSN_FUNCTION_V_REPLACE(name)    INSN_FUNCTION(name)
#define INSN_FUNCTION_V_LOAD_LANE(name)  INSN_FUNCTION(name)
#define INSN_FUNCTION_V_STORE_LANE(name) INSN_FUNCTION(name)
static row_fn *const rows[INSN_COUNT] = {
#include "runtime/opcodes_simd.def"
};
#undef INSN

/* The longest instruction in units. */
enum { UNITS = 12 };

/* The lanes that the instruction can name. */
static uint32_t lane_count(const struct insn_info *info)
{
    if (INSN_HAS_MEMARG(info))
        return 16u >> info->immediate;
    return 2u << (info->immediate - INSN_IMM_LANE_2);
}

/* The instruction as prepared code has it (prepared.h), with the scratch memory for its frame. */
static void units_of(const struct insn_info *info, uint64_t low, uint64_t high, uint16_t units[UNITS])
{
    units[2] = 2;
    units[3] = JIT_SCRATCH_RESULT;
    if (info->class == INSN_CLASS_V_EXTRACT)
        units[2] = (uint16_t)(low % lane_count(info));
    else if (info->class == INSN_CLASS_V_STORE || info->class == INSN_CLASS_V_STORE_LANE)
        units[3] = 2;
    else if (info->class == INSN_CLASS_V_TERNARY)
        units[4] = 4;
    else if (info->class == INSN_CLASS_V_REPLACE)
        units[4] = (uint16_t)(low % lane_count(info));
    else if (info->class == INSN_CLASS_V_SHUFFLE)
        memcpy(&units[4], (uint64_t[]) { low, high }, 2 * sizeof low);
    if (info->class == INSN_CLASS_V_LOAD_LANE || info->class == INSN_CLASS_V_STORE_LANE)
        units[6] = (uint16_t)(low % lane_count(info));
}

static bool inside(const struct memory *m, const uint8_t *at, uint64_t bytes)
{
    if (!m)
        return false;
    uint64_t from = (uintptr_t)at - (uintptr_t)m->base, size = memory_bytes(m);
    return bytes <= size && from <= size - bytes;
}

bool jit_vector_row(uint64_t *slots, uint32_t insn, const struct memory *memory, uint64_t low, uint64_t high,
                    uint8_t *at)
{
    uint16_t units[UNITS] = { 0 };
    if (insn >= INSN_COUNT || !rows[insn])
        return false;
    const struct insn_info *info = &insn_infos[insn];
    if (INSN_HAS_MEMARG(info) && !inside(memory, at, 1u << info->immediate))
        return false;
    units_of(info, low, high, units);
    rows[insn](slots, units, at);
    return true;
}
