/* What may be asked for, from its text: see struct tell_expression. Numbers are decimal, or hexadecimal behind 0x. */
#include "replay/tell.h"

#include <string.h>

static bool word(const char **at, const char *wanted)
{
    const size_t size = strlen(wanted);
    if (strncmp(*at, wanted, size) != 0)
        return false;
    *at += size;
    return true;
}

/* Whether `c` is a digit of the base, which is 10 or 16. */
static bool digit(char c, uint64_t base, uint64_t *ret)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? memchr(digits, c, base) : NULL;
    if (found)
        *ret = (uint64_t)(found - digits);
    return found != NULL;
}

static bool number(const char **at, uint64_t most, uint64_t *ret)
{
    const uint64_t base = word(at, "0x") ? 16 : 10;
    uint64_t value = 0, next;
    const char *begin = *at;
    for (; digit(**at, base, &next); ++*at) {
        if (next > most || value > (most - next) / base)
            return false;
        value = value * base + next;
    }
    *ret = value;
    return *at > begin;
}

static bool global(const char **at, uint32_t *ret)
{
    uint64_t index;
    if (!word(at, "global[") || !number(at, UINT32_MAX, &index) || !word(at, "]"))
        return false;
    *ret = (uint32_t)index;
    return true;
}

static bool memory(const char **at, struct tell_expression *ret)
{
    uint64_t index = 0, size = 1;
    if (!word(at, "mem") || (**at != '[' && !number(at, LIMIT_MEMORIES - 1, &index)) || !word(at, "["))
        return false;
    ret->memory = (uint32_t)index;
    ret->indirect = global(at, &ret->global);
    if (!ret->indirect && !number(at, UINT32_MAX, &ret->address))
        return false;
    if (word(at, "..+") && (!number(at, TELL_BYTES, &size) || size == 0))
        return false;
    ret->size = (uint32_t)size;
    return word(at, "]");
}

enum status tell_parse(const char *text, struct tell_expression *ret, struct error *error)
{
    struct tell_expression e = { .memory = TELL_GLOBAL };
    const char *at = text;
    if (!(strncmp(text, "mem", 3) ? global(&at, &e.global) : memory(&at, &e)) || *at)
        return error_set(error, STATUS_INVALID,
                         "\"%s\" is nothing that can be told; for instance mem[0x1000..+16] (%d bytes at most), "
                         "mem1[64..+8], mem[global[0]..+32], global[0]",
                         text, TELL_BYTES);
    *ret = e;
    return STATUS_OK;
}

const char *tell_outcome_text(enum tell_outcome outcome)
{
    static const char *const texts[TELL_OUTCOME_COUNT] = {
        [TELL_OK] = "",
        [TELL_NO_MEMORY] = "there is no such memory",
        [TELL_NO_GLOBAL] = "there is no such global",
        [TELL_OUTSIDE] = "outside of the memory",
        [TELL_NO_ADDRESS] = "the global holds no address",
    };
    return texts[outcome];
}
