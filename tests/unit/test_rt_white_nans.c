/* NaNs: whatever goes in, an arithmetic instruction's NaN is the one canonical NaN, and instructions that only pass
 * bits pass them as they are. The instructions are those of the opcode table, so that none is left out; each is tried
 * in the places where an engine might keep a result that it has not made canonical yet. White-box for the table alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rt_build.h"

struct row {
    uint32_t code;
    const char *text, *signature, *class;
};
#define INSN(code, name, text, immediate, signature, class) { code, text, signature, #class },
static const struct row rows[] = {
#include "runtime/opcodes.def"
};
#undef INSN
enum { ROWS = sizeof rows / sizeof *rows };

/* Zeros, ones, infinities, the largest and the smallest, and NaNs: quiet and signalling, of both signs, with payloads.
 */
static const uint32_t f32s[] = { 0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
                                 0x00000001, 0x7f7fffff, 0x7fc00000, 0xffc00000, 0x7fc00001, 0x7fffffff,
                                 0xffffffff, 0x7f800001, 0xff800001, 0x7fa12345, 0xffbfffff };
static const uint64_t f64s[] = { 0,
                                 0x8000000000000000,
                                 0x3ff0000000000000,
                                 0xbff0000000000000,
                                 0x7ff0000000000000,
                                 0xfff0000000000000,
                                 0x0000000000000001,
                                 0x7fefffffffffffff,
                                 0x7ff8000000000000,
                                 0xfff8000000000000,
                                 0x7ff8000000000001,
                                 0x7fffffffffffffff,
                                 0xffffffffffffffff,
                                 0x7ff0000000000001,
                                 0xfff0000000000001,
                                 0x7ff4000012345678,
                                 0xfff7ffffffffffff };
enum { VALUES = sizeof f32s / sizeof *f32s, CONTEXTS = 7 };

static bool nan_of(uint64_t bits, bool wide)
{
    return wide ? (bits & INT64_MAX) > 0x7ff0000000000000 : ((uint32_t)bits & INT32_MAX) > 0x7f800000;
}
static uint64_t canonical_of(bool wide) { return wide ? 0x7ff8000000000000 : 0x7fc00000; }
static uint64_t sign_of(bool wide) { return wide ? UINT64_C(1) << 63 : UINT64_C(1) << 31; }

/* ---- which instructions, and what they are ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), tail = strlen(end);
    return size >= tail && strcmp(text + size - tail, end) == 0;
}

static bool is_comparison(const char *text)
{
    static const char *const ends[] = { ".eq", ".ne", ".lt", ".gt", ".le", ".ge" };
    for (size_t i = 0; i < 6; i++)
        if (ends_with(text, ends[i]))
            return true;
    return false;
}

/* Its results are floats; what it does can be said by its name and signature. */
static bool makes_floats(const struct row *row)
{
    const char *class = row->class + (strncmp(row->class, "V_", 2) == 0 ? 2 : 0);
    bool regular = strcmp(class, "UNARY") == 0 || strcmp(class, "BINARY") == 0;
    return regular && row->text[0] == 'f' && !is_comparison(row->text);
}

static bool is_wide(const struct row *row) { return strncmp(row->text, "f64", 3) == 0; }
static bool is_vector(const struct row *row) { return ends_with(row->signature, "v"); }
static bool passes_bits(const struct row *row)
{
    static const char *const ends[] = { ".abs", ".neg", ".copysign", ".pmin", ".pmax", ".splat" };
    for (size_t i = 0; i < 6; i++)
        if (ends_with(row->text, ends[i]))
            return true;
    return false;
}

/* ---- a module that tries one instruction in each place ---- */

static void put_op(struct buffer *b, uint32_t code)
{
    if (code > 0xff)
        buffer_u8(b, (uint8_t)(code >> 8));
    code &= 0xff;
    if (code >= 0x80 && b->data[b->size - 1] == 0xfd) {
        buffer_u8(b, (uint8_t)code);
        code = 1; /* the second byte of the LEB128 */
    }
    buffer_u8(b, (uint8_t)code);
}

static void put_bytes(struct buffer *b, const uint8_t *bytes, size_t size) { buffer_bytes(b, bytes, size); }

/* The instruction on the function's parameters. */
static void put_operation(struct buffer *b, const struct row *row)
{
    uint8_t params = (uint8_t)strcspn(row->signature, ":");
    for (uint8_t i = 0; i < params; i++)
        put_bytes(b, CODE(0x20, i));
    put_op(b, row->code);
}

static uint8_t type_of(const struct row *row) { return is_vector(row) ? RT_V128 : is_wide(row) ? RT_F64 : RT_F32; }

/* Stores and loads of the result's type, at 0. */
static void put_through_memory(struct buffer *b, const struct row *row)
{
    put_bytes(b, CODE(0x41, 0));
    put_operation(b, row);
    if (is_vector(row))
        put_bytes(b, CODE(0xfd, 11, 0, 0, 0x41, 0, 0xfd, 0, 0, 0));
    else if (is_wide(row))
        put_bytes(b, CODE(0x39, 0, 0, 0x41, 0, 0x2b, 0, 0));
    else
        put_bytes(b, CODE(0x38, 0, 0, 0x41, 0, 0x2a, 0, 0));
}

static void put_negation(struct buffer *b, const struct row *row)
{
    put_operation(b, row);
    put_op(b, is_vector(row) ? (is_wide(row) ? 0xfded : 0xfde1) : is_wide(row) ? 0x9a : 0x8c);
}

static void put_context(struct buffer *b, const struct row *row, unsigned context)
{
    uint8_t params = (uint8_t)strcspn(row->signature, ":"), type = type_of(row);
    if (context == 0) { /* the result of the function */
        put_operation(b, row);
    } else if (context == 1) { /* a local */
        put_operation(b, row);
        put_bytes(b, CODE(0x21, params, 0x20, params));
    } else if (context == 2) {
        put_through_memory(b, row);
    } else if (context == 3) { /* out of a block */
        put_bytes(b, CODE(0x02, type));
        put_operation(b, row);
        put_bytes(b, CODE(0x41, 1, 0x0d, 0, 0x0b));
    } else if (context == 4) { /* one of two */
        put_operation(b, row);
        put_operation(b, row);
        put_bytes(b, CODE(0x41, 1, 0x1c, 1, type));
    } else if (context == 5) { /* over a call */
        for (uint8_t i = 0; i < params; i++)
            put_bytes(b, CODE(0x20, i));
        put_bytes(b, CODE(0x10, 0));
    } else { /* by an instruction that does not compute, but turns the sign */
        put_negation(b, row);
    }
}

static struct rt_instance *open_row(const struct row *row, struct rt_module **ret)
{
    char type[8]; /* the signature without its mark of a row that commutes */
    snprintf(type, sizeof type, "%.*s", (int)strcspn(row->signature, "="), row->signature);
    struct rt_build b = { .memory_min = 1, .memory_max = 1 };
    const char local[2] = { is_vector(row) ? 'v' : is_wide(row) ? 'F' : 'f', 0 };
    struct rt_instance *instance = NULL;
    for (unsigned context = 0; context < CONTEXTS; context++) {
        struct buffer code = BUFFER_INIT;
        put_context(&code, row, context);
        rt_build_function(&b, type, local, code.data, code.size);
        buffer_done(&code);
    }
    *ret = rt_build_load(&b);
    assert_int_equal(rt_instance_create(*ret, NULL, 0, NULL, &instance, NULL), STATUS_OK);
    return instance;
}

/* ---- what must come out ---- */

static uint64_t lane_of(const uint64_t *slots, unsigned lane, bool wide)
{
    return wide ? slots[lane] : (uint32_t)(slots[lane / 2] >> (lane % 2 * 32));
}

static double value_of(uint64_t bits, bool wide)
{
    double wide_value;
    float value;
    uint32_t low = (uint32_t)bits;
    memcpy(&wide_value, &bits, sizeof wide_value);
    memcpy(&value, &low, sizeof value);
    return wide ? wide_value : (double)value;
}

/* Of instructions that only pass bits on. */
static uint64_t passed(const struct row *row, uint64_t x, uint64_t y)
{
    bool wide = is_wide(row);
    uint64_t sign = sign_of(wide);
    if (ends_with(row->text, ".abs"))
        return x & ~sign;
    if (ends_with(row->text, ".neg"))
        return x ^ sign;
    if (ends_with(row->text, ".copysign"))
        return (x & ~sign) | (y & sign);
    if (ends_with(row->text, ".pmin"))
        return value_of(y, wide) < value_of(x, wide) ? y : x;
    if (ends_with(row->text, ".pmax"))
        return value_of(x, wide) < value_of(y, wide) ? y : x;
    return x; /* splat */
}

/* One lane: x and y are its operands, or what stands for them where it has none that are floats. */
static void check_lane(const struct row *row, unsigned context, uint64_t x, uint64_t y, bool nan_in, uint64_t result,
                       unsigned *made)
{
    bool wide = is_wide(row);
    if (context == CONTEXTS - 1)
        result ^= sign_of(wide); /* the negation taken back */
    if (passes_bits(row)) {
        if (result != passed(row, x, y))
            fail_msg("%s in place %u of %llx, %llx gives %llx", row->text, context, (unsigned long long)x,
                     (unsigned long long)y, (unsigned long long)result);
        return;
    }
    bool nan = nan_of(result, wide);
    if ((nan && result != canonical_of(wide)) || (nan_in && !nan))
        fail_msg("%s in place %u of %llx, %llx gives the NaN %llx", row->text, context, (unsigned long long)x,
                 (unsigned long long)y, (unsigned long long)result);
    *made += nan && !nan_in;
}

/* The lanes of a result against the lanes that they came from. */
static void check_result(const struct row *row, unsigned context, const uint64_t *args, const uint64_t *result,
                         unsigned *made)
{
    bool wide = is_wide(row), vector = is_vector(row), binary = strchr(row->signature, ':') == row->signature + 2;
    bool demotes = strstr(row->text, "demote") != NULL, promotes = strstr(row->text, "promote") != NULL;
    bool floats = strstr(row->text, "convert") == NULL, source_wide = demotes || (wide && !promotes);
    unsigned lanes = !vector ? 1 : wide ? 2 : 4, slots = row->signature[0] == 'v' ? 2 : 1;
    for (unsigned lane = 0; lane < lanes; lane++) {
        bool zeroed = demotes && lane >= 2, splat = slots == 1 && vector;
        if (zeroed) {
            assert_int_equal(lane_of(result, lane, false), context == CONTEXTS - 1 ? sign_of(false) : 0);
            continue;
        }
        uint64_t x = lane_of(args, splat ? 0 : lane, source_wide);
        uint64_t y = binary ? lane_of(args + slots, lane, source_wide) : 0;
        bool nan_in = floats && (nan_of(x, source_wide) || (binary && nan_of(y, source_wide)));
        check_lane(row, context, x, y, nan_in, lane_of(result, lane, wide), made);
    }
}

/* Fills the operands from two places in the list of values, other lanes from the values behind. */
static void fill_args(const struct row *row, unsigned first, unsigned second, uint64_t *args)
{
    uint64_t *to = args;
    for (const char *type = row->signature; *type != ':'; type++) {
        unsigned at = type == row->signature ? first : second;
        bool wide = *type == 'F' || *type == 'I' ||
                    (*type == 'v' && (strstr(row->text, "demote") || (is_wide(row) && !strstr(row->text, "promote"))));
        for (unsigned slot = 0; slot < (*type == 'v' ? 2u : 1u); slot++) {
            uint64_t low = f32s[(at + 2 * slot) % VALUES], high = f32s[(at + 2 * slot + 1) % VALUES];
            *to++ = wide ? f64s[(at + slot) % VALUES] : *type == 'v' ? low | high << 32 : low;
        }
    }
}

static void try_row(const struct row *row, unsigned *made)
{
    struct rt_module *module;
    struct rt_instance *instance = open_row(row, &module);
    uint32_t params = (uint32_t)strcspn(row->signature, ":");
    uint32_t slots = params * (row->signature[0] == 'v' ? 2 : 1), results = is_vector(row) ? 2 : 1;
    for (uint32_t context = 0; context < CONTEXTS; context++)
        for (unsigned first = 0; first < VALUES; first++)
            for (unsigned second = 0; second < (params > 1 ? (unsigned)VALUES : 1u); second++) {
                uint64_t args[4], result[2] = { 0 };
                fill_args(row, first, second, args);
                assert_int_equal(rt_call(instance, context, args, slots, result, results, NULL), STATUS_OK);
                check_result(row, context, args, result, made);
            }
    rt_instance_free(instance);
    rt_module_free(module);
}

static void every_nan_is_canonical(void **state)
{
    (void)state;
    static const char *const makers[] = { ".add", ".sub", ".mul", ".div", ".sqrt" }; /* out of what is none */
    unsigned tried = 0, with_maker = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (!makes_floats(&rows[i]))
            continue;
        unsigned made = 0;
        bool maker = false;
        try_row(&rows[i], &made);
        for (size_t m = 0; m < sizeof makers / sizeof *makers; m++)
            maker |= ends_with(rows[i].text, makers[m]);
        if (maker != (made > 0))
            fail_msg("%s made %u NaNs of its own", rows[i].text, made);
        tried++;
        with_maker += maker;
    }
    /* scalar: 14 of each width, demote, promote, 8 conversions; lanes: 14 and splat of each width, demote, promote, 4
     */
    assert_int_equal(tried, 2 * 14 + 10 + 2 * 16 + 6);
    assert_int_equal(with_maker, 4 * 5);
}

/* The same with an operand that is a constant, which an engine may fold into the instruction or compute beforehand. */
static void constants_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        if (!makes_floats(row) || is_vector(row) || (row->signature[0] != 'f' && row->signature[0] != 'F'))
            continue;
        uint32_t params = (uint32_t)strcspn(row->signature, ":");
        bool source_wide = row->signature[0] == 'F';
        const char type[] = { ':', row->signature[params + 1], 0 };
        struct rt_build b = { .memory_max = 0 };
        for (unsigned value = 0; value < VALUES; value++) {
            struct buffer code = BUFFER_INIT;
            for (uint32_t p = 0; p < params; p++) {
                buffer_u8(&code, source_wide ? 0x44 : 0x43);
                if (source_wide)
                    buffer_u64(&code, f64s[(value + p) % VALUES]);
                else
                    buffer_u32(&code, f32s[(value + p) % VALUES]);
            }
            put_op(&code, row->code);
            rt_build_function(&b, type, "", code.data, code.size);
            buffer_done(&code);
        }
        struct rt_module *m = rt_build_load(&b);
        struct rt_instance *instance = NULL;
        assert_int_equal(rt_instance_create(m, NULL, 0, NULL, &instance, NULL), STATUS_OK);
        for (unsigned value = 0; value < VALUES; value++) {
            uint64_t args[2] = { source_wide ? f64s[value] : f32s[value],
                                 source_wide ? f64s[(value + 1) % VALUES] : f32s[(value + 1) % VALUES] };
            uint64_t result;
            unsigned made = 0;
            assert_int_equal(rt_call(instance, value, NULL, 0, &result, 1, NULL), STATUS_OK);
            check_result(row, 0, args, &result, &made);
        }
        rt_instance_free(instance);
        rt_module_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_nan_is_canonical),
        cmocka_unit_test(constants_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
