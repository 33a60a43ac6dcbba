/* LZ77: compresses text with hash chains, expands it again, compares. Byte loads, short loops that end on data, table
 * look-ups. Size: KiB of text, made of words that repeat as in prose. */
#include "bench/kernels/kernel.h"

enum { WINDOW = 32768, HASHES = 16384, SHORTEST = 4, LONGEST = 255 + SHORTEST, CHAIN = 32, LITERALS = 255 };

struct matcher {
    uint32_t *heads; /* by hash: position + 1 of its last occurrence */
    uint32_t *links; /* by position in the window: the occurrence before */
};

static void make_text(uint8_t *text, uint32_t length)
{
    static const char syllables[16][4] = { "ka", "lo",  "mi", "tera", "su", "ven", "or", "dal",
                                           "pi", "esh", "un", "qua",  "ri", "zo",  "be", "nth" };
    uint64_t state = 77;
    uint32_t at = 0;
    while (at < length) {
        uint32_t word =
            kernel_random(&state) % 1024 * (kernel_random(&state) % 1024) / 1024; /* small numbers more often */
        for (uint32_t rest = word + 16; rest && at < length; rest /= 16)
            for (uint32_t i = 0; i < 4 && syllables[rest % 16][i] && at < length; i++)
                text[at++] = (uint8_t)syllables[rest % 16][i];
        if (at < length)
            text[at++] = word % 11 ? ' ' : '\n';
    }
}

static uint32_t hash_at(const uint8_t *text)
{
    uint32_t word;
    memcpy(&word, text, sizeof word);
    return word * 2654435761u >> 18;
}

static void insert(struct matcher *matcher, const uint8_t *text, uint32_t at)
{
    uint32_t hash = hash_at(text + at);
    matcher->links[at % WINDOW] = matcher->heads[hash];
    matcher->heads[hash] = at + 1;
}

/* Returns the longest match's length, at least SHORTEST, or 0. */
static uint32_t find_match(const struct matcher *matcher, const uint8_t *text, uint32_t at, uint32_t length,
                           uint32_t *distance)
{
    uint32_t best = SHORTEST - 1, limit = length - at < LONGEST ? length - at : LONGEST;
    uint32_t candidate = matcher->heads[hash_at(text + at)];
    for (int tries = CHAIN; tries && candidate && at - (candidate - 1) < WINDOW; tries--) {
        const uint8_t *old = text + candidate - 1, *new = text + at;
        if (old[best] == new[best] && best < limit) {
            uint32_t same = 0;
            while (same < limit && old[same] == new[same])
                same++;
            if (same > best) {
                best = same;
                *distance = at - (candidate - 1);
                if (best == limit)
                    break;
            }
        }
        uint32_t next = matcher->links[(candidate - 1) % WINDOW];
        if (next >= candidate)
            break;
        candidate = next;
    }
    return best >= SHORTEST ? best : 0;
}

static uint32_t put_literals(uint8_t *out, uint32_t used, const uint8_t *text, uint32_t count)
{
    out[used++] = (uint8_t)count;
    memcpy(out + used, text, count);
    return used + count;
}

/* The stream: a count of literals, the literals, then length - SHORTEST and a distance of two bytes; a distance of 0:
 * no match. */
static uint32_t compress(const uint8_t *text, uint32_t length, uint8_t *out)
{
    struct matcher matcher = { kernel_alloc(HASHES, sizeof(uint32_t)), kernel_alloc(WINDOW, sizeof(uint32_t)) };
    uint32_t used = 0, start = 0, at = 0;
    while (at < length) {
        uint32_t distance = 0, match = at + SHORTEST <= length ? find_match(&matcher, text, at, length, &distance) : 0;
        uint32_t step = match ? match : 1;
        if (match || at - start == LITERALS) {
            used = put_literals(out, used, text + start, at - start);
            out[used++] = (uint8_t)(match ? match - SHORTEST : 0);
            out[used++] = (uint8_t)distance;
            out[used++] = (uint8_t)(distance >> 8);
            start = at + match;
        }
        for (; step && at + SHORTEST <= length; step--, at++)
            insert(&matcher, text, at);
        at += step;
    }
    used = put_literals(out, used, text + start, length - start);
    return used;
}

static uint32_t expand(const uint8_t *in, uint32_t used, uint8_t *out)
{
    uint32_t at = 0, made = 0;
    while (at < used) {
        uint32_t count = in[at++];
        memcpy(out + made, in + at, count);
        made += count;
        at += count;
        if (at + 3 > used)
            break;
        uint32_t distance = in[at + 1] | (uint32_t)in[at + 2] << 8;
        for (uint32_t left = distance ? in[at] + (uint32_t)SHORTEST : 0; left; left--, made++)
            out[made] = out[made - distance];
        at += 3;
    }
    return made;
}

uint64_t kernel_run(uint32_t size)
{
    uint32_t length = size * 1024;
    uint8_t *text = kernel_alloc(length, 1), *packed = kernel_alloc(2 * length + 1024, 1),
            *back = kernel_alloc(length + 1024, 1);
    make_text(text, length);
    uint32_t used = compress(text, length, packed);
    if (expand(packed, used, back) != length || memcmp(text, back, length) != 0)
        return 0;
    uint64_t sum = used;
    for (uint32_t i = 0; i < used; i++)
        sum = kernel_mix(sum, packed[i]);
    return sum;
}
