/* Every opcode with every wrong operand type, in code that is reached and in code that is not: all must be refused, and
 * what is right accepted. Regular rows come from the opcode table itself; for irregular ones the signatures stand here,
 * and a test says that no row was forgotten. White-box: reads the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "rt_build.h"
#include "runtime/opcodes.h"

/* The tested function's parameters, so that local.get N pushes the N-th type. */
static const char letters[] = "iIfFvre";
enum { TYPES = sizeof letters - 1, NONE = -1 };

/* Function 0 is the tested one, of type 0; 1 and 2, of types 1 and 2, are there to be called. */
#define CALLEE "iFv:v"
#define TAIL   "iFv:"

struct sample {
    const char *name, *signature;
    uint8_t bytes[40];
    size_t size;
    bool ends; /* what follows is unreachable */
};

#define ROW(op, signature, ...) { #op, signature, { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ }), false }
#define END(op, signature, ...) { #op, signature, { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ }), true }
static const struct sample irregular[] = {
    ROW(IF, "i:", 0x04, 0x40, 0x0b),
    ROW(BR_IF, "i:", 0x0d, 0),
    END(BR_TABLE, "i:", 0x0e, 1, 0, 0),
    ROW(CALL, CALLEE, 0x10, 1),
    ROW(CALL_INDIRECT, "iFvi:v", 0x11, 1, 0),
    END(RETURN_CALL, TAIL, 0x12, 2),
    END(RETURN_CALL_INDIRECT, "iFvi:", 0x13, 2, 0),
    ROW(SELECT, "vvi:v", 0x1b),
    ROW(SELECT_T, "rri:r", 0x1c, 1, RT_FUNCREF),
    ROW(SELECT_T, "vvi:v", 0x1c, 1, RT_V128),
    ROW(LOCAL_GET, ":v", 0x20, 4),
    ROW(LOCAL_SET, "v:", 0x21, 4),
    ROW(LOCAL_TEE, "F:F", 0x22, 3),
    ROW(GLOBAL_GET, ":i", 0x23, 0),
    ROW(GLOBAL_SET, "i:", 0x24, 0),
    ROW(TABLE_GET, "i:r", 0x25, 0),
    ROW(TABLE_SET, "ir:", 0x26, 0),
    ROW(TABLE_GROW, "ri:i", 0xfc, 15, 0),
    ROW(TABLE_SIZE, ":i", 0xfc, 16, 0),
    ROW(TABLE_FILL, "iri:", 0xfc, 17, 0),
    ROW(TABLE_COPY, "iii:", 0xfc, 14, 0, 0),
    ROW(TABLE_INIT, "iii:", 0xfc, 12, 0, 0),
    ROW(ELEM_DROP, ":", 0xfc, 13, 0),
    ROW(MEMORY_SIZE, ":i", 0x3f, 0),
    ROW(MEMORY_GROW, "i:i", 0x40, 0),
    ROW(MEMORY_FILL, "iii:", 0xfc, 11, 0),
    ROW(MEMORY_COPY, "iii:", 0xfc, 10, 0, 0),
    ROW(MEMORY_INIT, "iii:", 0xfc, 8, 0, 0),
    ROW(DATA_DROP, ":", 0xfc, 9, 0),
    ROW(REF_NULL, ":e", 0xd0, RT_EXTERNREF),
    ROW(REF_FUNC, ":r", 0xd2, 0),
};
/* Nothing to get wrong in their own operands, or any type will do. */
static const char *const free_rows[] = { "UNREACHABLE", "NOP", "BLOCK", "LOOP",   "ELSE",
                                         "END",         "BR",  "DROP",  "RETURN", "REF_IS_NULL" };

static int index_of(char letter) { return (int)(strchr(letters, letter) - letters); }

static enum status load(const struct buffer *code)
{
    struct rt_build b = { .memory_min = 1, .memory_max = 1, .table_size = 1, .globals = 1 };
    struct rt_module *m = NULL;
    rt_build_function(&b, "iIfFvre:", "", code->data, code->size);
    rt_build_function(&b, CALLEE, "", CODE(0x20, 2));
    rt_build_function(&b, TAIL, "", CODE(0x01));
    rt_build_elems(&b, (const uint32_t[]) { 0 }, 1);
    rt_build_data(&b, 0, "x", 1);
    rt_build_finish(&b);
    enum status status = rt_module_load(b.module.data, b.module.size, NULL, &m, NULL);
    rt_build_done(&b);
    rt_module_free(m);
    return status;
}

struct attempt {
    bool dead;     /* in unreachable code */
    int pushed;    /* operands that are there, the last ones of the signature */
    int wrong;     /* which of the signature's has the type `type`; NONE */
    int type;      /* of letters */
    int result_to; /* local that takes the result */
    bool keep;     /* the result stays on the stack */
};

static void expect(const struct sample *s, const struct attempt *a, enum status wanted)
{
    struct buffer code = BUFFER_INIT;
    const char *colon = strchr(s->signature, ':');
    int count = (int)(colon - s->signature);
    if (a->dead)
        buffer_u8(&code, 0x00);
    for (int i = count - a->pushed; i < count; i++) {
        buffer_u8(&code, 0x20);
        buffer_u8(&code, (uint8_t)(i == a->wrong ? a->type : index_of(s->signature[i])));
    }
    buffer_bytes(&code, s->bytes, s->size);
    if (colon[1] && !a->keep) {
        buffer_u8(&code, 0x21);
        buffer_u8(&code, (uint8_t)a->result_to);
    }
    enum status status = load(&code);
    buffer_done(&code);
    if (status != wanted)
        print_error("%s %s: dead %d, %d operands, number %d is %c, result into %c\n", s->name, s->signature, a->dead,
                    a->pushed, a->wrong, letters[a->type], letters[a->result_to]);
    assert_int_equal(status, wanted);
}

/* All that one wrong operand, a missing one, a wrong use of the result or a result left behind can be. */
static void try_all(const struct sample *s)
{
    const char *colon = strchr(s->signature, ':');
    int count = (int)(colon - s->signature), result = colon[1] ? index_of(colon[1]) : 0;
    for (int dead = 0; dead < 2; dead++) {
        struct attempt a = { .dead = dead, .pushed = count, .wrong = NONE, .result_to = result };
        expect(s, &a, STATUS_OK);
        for (a.wrong = 0; a.wrong < count; a.wrong++)
            for (a.type = 0; a.type < TYPES; a.type++)
                if (a.type != index_of(s->signature[a.wrong]))
                    expect(s, &a, STATUS_INVALID);
        a.wrong = NONE;
        for (a.pushed = 0; a.pushed < count; a.pushed++) /* what is missing is of any type where nothing runs */
            expect(s, &a, dead ? STATUS_OK : STATUS_INVALID);
        if (!colon[1])
            continue;
        for (a.result_to = 0; a.result_to < TYPES; a.result_to++)
            if (a.result_to != result)
                expect(s, &a, STATUS_INVALID);
        a.keep = true;
        expect(s, &a, STATUS_INVALID);
    }
}

static char letter_of(uint8_t type)
{
    static const uint8_t types[] = { RT_I32, RT_I64, RT_F32, RT_F64, RT_V128, RT_FUNCREF, RT_EXTERNREF };
    return letters[(const uint8_t *)memchr(types, type, sizeof types) - types];
}

/* The opcode, then zeros for what follows it: an alignment of 1, offset 0, lane 0. */
static struct sample sample_of(const struct insn_info *info, char *signature)
{
    static const uint8_t sizes[] = {
        [INSN_IMM_MEMARG_0] = 2, [INSN_IMM_MEMARG_1] = 2, [INSN_IMM_MEMARG_2] = 2, [INSN_IMM_MEMARG_3] = 2,
        [INSN_IMM_MEMARG_4] = 2, [INSN_IMM_I32] = 1,      [INSN_IMM_I64] = 1,      [INSN_IMM_F32] = 4,
        [INSN_IMM_F64] = 8,      [INSN_IMM_V128] = 16,    [INSN_IMM_SHUFFLE] = 16, [INSN_IMM_LANE_2] = 1,
        [INSN_IMM_LANE_4] = 1,   [INSN_IMM_LANE_8] = 1,   [INSN_IMM_LANE_16] = 1
    };
    struct sample s = { .name = info->text, .signature = signature };
    if (info->code > 0xff)
        s.bytes[s.size++] = (uint8_t)(info->code >> 8);
    s.bytes[s.size++] = (uint8_t)info->code;
    if (info->code > 0xff && (info->code & 0x80))
        s.bytes[s.size++] = 1;
    s.size += info->immediate < sizeof sizes ? sizes[info->immediate] : 0u;
    s.size += info->class == INSN_CLASS_V_LOAD_LANE || info->class == INSN_CLASS_V_STORE_LANE;
    for (uint32_t i = 0; i < info->param_count; i++)
        *signature++ = letter_of(info->params[i]);
    *signature++ = ':';
    if (info->result)
        *signature++ = letter_of(info->result);
    *signature = 0;
    return s;
}

static void regular_rows_are_sound(void **state)
{
    (void)state;
    unsigned rows = 0;
    for (unsigned op = 0; op < INSN_COUNT; op++) {
        char signature[8];
        if (insn_infos[op].class > INSN_CLASS_V_STORE_LANE)
            continue;
        struct sample s = sample_of(&insn_infos[op], signature);
        try_all(&s);
        rows++;
    }
    assert_int_equal(rows, INSN_COUNT - 40); /* the irregular ones are below */
}

static void irregular_rows_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof irregular / sizeof *irregular; i++)
        try_all(&irregular[i]);
}

#define INSN(code, name, text, immediate, signature, class) #name,
static void no_row_is_forgotten(void **state)
{
    static const char *const names[] = {
#include "runtime/opcodes.def"
    };
    (void)state;
    for (unsigned op = 0; op < INSN_COUNT; op++) {
        bool found = insn_infos[op].class <= INSN_CLASS_V_STORE_LANE;
        for (size_t i = 0; i < sizeof irregular / sizeof *irregular; i++)
            found |= strcmp(irregular[i].name, names[op]) == 0;
        for (size_t i = 0; i < sizeof free_rows / sizeof *free_rows; i++)
            found |= strcmp(free_rows[i], names[op]) == 0;
        if (!found)
            print_error("%s\n", names[op]);
        assert_true(found);
    }
}
#undef INSN

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regular_rows_are_sound),
        cmocka_unit_test(irregular_rows_are_sound),
        cmocka_unit_test(no_row_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
