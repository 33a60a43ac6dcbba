/* The verifier on what the compiler makes: how many functions it refuses, how fast it is, and what it does with code
 * that somebody has changed.
 *
 *     tier_verify [--level LEVEL] [--mutations COUNT] [--seed SEED] MODULE.wasm...
 *
 * Of each module all functions are compiled. A mutation changes one to three bytes of one function. Whether what is
 * accepted then is harmless, a second, cruder check says, which shares nothing with the verifier but the decoder: no
 * instruction of a list of forbidden ones, and no operand in memory of another form than compiled code has. */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runtime/jit/jit.h"
#include "runtime/rt.h"
#include "runtime/verify/verify.h"
#include "runtime/verify/verify_abi.h"
#include "tier_guest.h"

struct run {
    uint64_t mutations, seed;
    /* of all modules */
    uint64_t functions, refused, text_bytes, accepted, mutated, bad;
    double verifying, watching; /* seconds; watching: of the callback as a whole */
    bool first;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static bool forbidden(const ZydisDecodedInstruction *i)
{
    switch ((int)i->meta.category) {
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_SYSTEM:
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_IO:
    case ZYDIS_CATEGORY_IOSTRINGOP:
    case ZYDIS_CATEGORY_STRINGOP:
    case ZYDIS_CATEGORY_RDWRFSGS:
    case ZYDIS_CATEGORY_XSAVE:
    case ZYDIS_CATEGORY_XSAVEOPT:
    case ZYDIS_CATEGORY_PKU:
    case ZYDIS_CATEGORY_SEGOP:
    case ZYDIS_CATEGORY_VTX:
    case ZYDIS_CATEGORY_SGX:
    case ZYDIS_CATEGORY_GATHER:
    case ZYDIS_CATEGORY_AVX2GATHER:
    case ZYDIS_CATEGORY_SCATTER:
    case ZYDIS_CATEGORY_FLAGOP:
    case ZYDIS_CATEGORY_X87_ALU:
    case ZYDIS_CATEGORY_CET:
        return true;
    default:
        return (i->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) || i->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
    }
}

static bool harmless_operand(const struct verify_object *o, const ZydisDecodedInstruction *i,
                             const ZydisDecodedOperand *operand, uint32_t at)
{
    const ZydisDecodedOperandMem *m = &operand->mem;
    bool writes = operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
    if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY || m->type == ZYDIS_MEMOP_TYPE_AGEN ||
        operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN)
        return true;
    if (m->segment == ZYDIS_REGISTER_FS || m->segment == ZYDIS_REGISTER_GS || i->address_width != 64)
        return false;
    if (m->base == ZYDIS_REGISTER_RIP) {
        int64_t to = (int64_t)at + i->length + m->disp.value;
        return !writes && to >= (int64_t)o->data && to + operand->size / 8 <= (int64_t)o->size;
    }
    if (m->base == ZYDIS_REGISTER_RSP)
        return m->index == ZYDIS_REGISTER_NONE && m->disp.value >= 0 && m->disp.value < 4 * VERIFY_FRAME_BYTES;
    return m->base != ZYDIS_REGISTER_NONE;
}

/* One instruction after the other, from the function's start to the next one's. Returns the first that is not harmless,
 * as text, or NULL. */
static const char *harmful(const struct verify_object *o, uint32_t from, uint32_t to)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction i;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    if (ZYAN_FAILED(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        return "no decoder";
    for (uint32_t at = from; at < to; at += i.length) {
        if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, o->image + at, to - at, &i, operands)))
            return "bytes that are no instruction";
        if (forbidden(&i))
            return ZydisMnemonicGetString(i.mnemonic);
        bool nothing = i.meta.category == ZYDIS_CATEGORY_NOP || i.meta.category == ZYDIS_CATEGORY_WIDENOP;
        for (int k = 0; k < i.operand_count && !nothing; k++)
            if (!harmless_operand(o, &i, &operands[k], at))
                return ZydisMnemonicGetString(i.mnemonic);
    }
    return NULL;
}

/* Changes bytes, looks, and puts them back. */
static bool mutate(struct run *r, const struct verify_object *o, uint8_t *image)
{
    enum { CHANGES = 3 };
    uint32_t number = (uint32_t)(next(&r->seed) % o->start_count), places[CHANGES], from = o->starts[number].at;
    uint32_t to = number + 1 < o->start_count ? o->starts[number + 1].at : o->text_bytes;
    uint8_t before[CHANGES];
    int count = 1 + (int)(next(&r->seed) % CHANGES);
    struct error error = ERROR_INIT;
    for (int i = 0; i < count; i++) {
        places[i] = from + (uint32_t)(next(&r->seed) % (to - from));
        before[i] = image[places[i]];
        image[places[i]] =
            next(&r->seed) % 2 ? (uint8_t)next(&r->seed) : before[i] ^ (uint8_t)(1u << next(&r->seed) % 8);
    }
    bool good = verify_function(o, number, &error) == STATUS_OK;
    r->mutated++;
    if (good && !o->starts[number].refused) {
        r->accepted++;
        const char *what = harmful(o, from, to);
        if (what) {
            printf("accepted, but not harmless: function %u, the byte 0x%x is 0x%02x: %s\n", o->starts[number].function,
                   places[0] - from, image[places[0]], what);
            r->bad++;
        }
    }
    for (int i = count; i-- > 0;)
        image[places[i]] = before[i];
    return good;
}

static void checked(void *env, struct verify_object *object)
{
    struct run *r = env;
    struct error error = ERROR_INIT;
    double begin = now();
    if (!r->first)
        return; /* the rest of the same module, again */
    r->first = false;
    bool good = verify_object_open(object, &error) == STATUS_OK;
    for (uint32_t i = 0; good && i < object->start_count; i++) {
        good = verify_function(object, i, &error) == STATUS_OK;
        r->functions += !object->starts[i].way_in;
        if (object->starts[i].refused) {
            r->refused++;
            printf("refused: function %u, byte 0x%x: %s\n", object->starts[i].function,
                   object->starts[i].refused_at - object->starts[i].at, object->starts[i].refused);
        }
    }
    r->text_bytes += object->text_bytes;
    r->verifying += now() - begin;
    for (uint64_t i = 0; good && i < r->mutations; i++)
        good = mutate(r, object, (uint8_t *)(uintptr_t)object->image);
    verify_object_close(object);
    r->bad += !good;
    r->watching += now() - begin;
}

static bool one(struct run *r, const char *path, enum jit_level level)
{
    struct rt_module *module = tier_guest_load(path);
    struct jit_code *code = NULL;
    struct error error = ERROR_INIT;
    r->first = true;
    bool good = module && jit_compile_watched(module, JIT_ALL, level, checked, r, &code, &error) == STATUS_OK;
    if (module && !good)
        printf("%s: %s\n", path, error.text);
    jit_code_free(code);
    rt_module_free(module);
    return good;
}

static bool read_level(const char *word, enum jit_level *ret)
{
#define NAME(name, text, passes, generator) text,
    static const char *const levels[] = { JIT_LEVEL_LIST(NAME) };
#undef NAME
    for (int i = 0; i < JIT_LEVEL_COUNT; i++)
        if (strcmp(levels[i], word) == 0) {
            *ret = (enum jit_level)i;
            return true;
        }
    return false;
}

int main(int argc, char **argv)
{
    struct run r = { .seed = 88172645463325252u };
    enum jit_level level = JIT_LEVEL_QUICK;
    int at = 1;
    bool good = true;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--mutations") == 0)
            r.mutations = strtoull(argv[at + 1], NULL, 10);
        else if (strcmp(argv[at], "--seed") == 0)
            r.seed = strtoull(argv[at + 1], NULL, 10) | 1u << 20;
        else
            good = strcmp(argv[at], "--level") == 0 && read_level(argv[at + 1], &level);
    }
    if (at >= argc || !good) {
        fprintf(stderr, "usage: tier_verify [--level LEVEL] [--mutations COUNT] [--seed SEED] MODULE.wasm...\n");
        return 2;
    }
    double begin = now();
    for (; good && at < argc; at++)
        good = one(&r, argv[at], level);
    double compiling = now() - begin - r.watching;
    printf("%llu functions, %llu bytes of text; refused: %llu\n", (unsigned long long)r.functions,
           (unsigned long long)r.text_bytes, (unsigned long long)r.refused);
    printf("verified in %.3f s, %.1f MB/s, %.1f %% of %.3f s for compiling\n", r.verifying,
           (double)r.text_bytes / 1e6 / r.verifying, 100 * r.verifying / compiling, compiling);
    if (r.mutated)
        printf("%llu mutations: %llu refused, %llu accepted, of which %llu are not harmless\n",
               (unsigned long long)r.mutated, (unsigned long long)(r.mutated - r.accepted),
               (unsigned long long)r.accepted, (unsigned long long)r.bad);
    return !good || r.bad > 0 || (level == JIT_LEVEL_QUICK && r.refused > 0);
}
