/* A regular-expression matcher that backtracks, over a generated log of SIZE KiB: small recursive functions, byte
 * comparisons, branches that depend on the text. */
#include "bench/kernels/kernel.h"

/* A pattern is compiled to instructions; SPLIT tries x first, then y. */
struct instruction {
    enum { BYTE, CLASS, SPLIT, JUMP, MATCH } op;
    uint32_t x, y;
};

struct program {
    const char *at; /* the pattern's rest, while it is compiled */
    struct instruction code[64];
    uint8_t classes[4][256];
    uint32_t count, class_count;
};

static void emit(struct program *program, struct instruction next) { program->code[program->count++] = next; }

/* Makes room for one instruction at `at`; no jump crosses it from outside, so only later targets move. */
static void open_gap(struct program *program, uint32_t at)
{
    for (uint32_t i = program->count++; i > at; i--) {
        program->code[i] = program->code[i - 1];
        if (program->code[i].op == SPLIT || program->code[i].op == JUMP) {
            program->code[i].x++;
            program->code[i].y++;
        }
    }
}

static void parse_class(struct program *program)
{
    uint8_t *set = program->classes[program->class_count];
    for (; *program->at != ']'; program->at++) {
        uint8_t low = (uint8_t)*program->at;
        if (program->at[1] == '-')
            program->at += 2;
        memset(set + low, 1, (uint8_t)*program->at - low + 1u);
    }
    program->at++;
    emit(program, (struct instruction) { CLASS, program->class_count++, 0 });
}

static void parse_choice(struct program *program);

static void parse_item(struct program *program)
{
    uint32_t start = program->count;
    char c = *program->at++;
    if (c == '(') {
        parse_choice(program);
        program->at++;
    } else if (c == '[') {
        parse_class(program);
    } else {
        emit(program, (struct instruction) { BYTE, (uint8_t)c, 0 });
    }
    if (*program->at == '*') {
        open_gap(program, start);
        emit(program, (struct instruction) { JUMP, start, 0 });
        program->code[start] = (struct instruction) { SPLIT, start + 1, program->count };
        program->at++;
    } else if (*program->at == '+') {
        emit(program, (struct instruction) { SPLIT, start, program->count + 1 });
        program->at++;
    }
}

static void parse_choice(struct program *program)
{
    uint32_t start = program->count;
    while (*program->at && *program->at != ')' && *program->at != '|')
        parse_item(program);
    if (*program->at != '|')
        return;
    program->at++;
    open_gap(program, start);
    uint32_t jump = program->count;
    emit(program, (struct instruction) { JUMP, 0, 0 });
    program->code[start] = (struct instruction) { SPLIT, start + 1, program->count };
    parse_choice(program);
    program->code[jump].x = program->count;
}

/* Returns the end of the match that starts at `text`, or NULL. */
static const char *match(const struct program *program, uint32_t pc, const char *text)
{
    for (const char *end;;) {
        const struct instruction *now = &program->code[pc++];
        switch (now->op) {
        case BYTE:
            if ((uint8_t)*text++ != now->x)
                return NULL;
            break;
        case CLASS:
            if (!program->classes[now->x][(uint8_t)*text++])
                return NULL;
            break;
        case SPLIT:
            if ((end = match(program, now->x, text)))
                return end;
            pc = now->y;
            break;
        case JUMP:
            pc = now->x;
            break;
        case MATCH:
            return text;
        }
    }
}

static void make_log(char *log, uint32_t length)
{
    static const char *const words[8] = { "error", "at line ", "warning", "10.0.", "user=", "GET /", ".html", "\n" };
    uint64_t state = 5;
    for (uint32_t at = 0; at + 1 < length; log[at++] = ' ') {
        const char *word = words[kernel_random(&state) % 8];
        for (; *word && at + 8 < length; word++)
            log[at++] = *word;
        for (uint32_t number = kernel_random(&state) % 4096; number && at + 8 < length; number /= 13)
            log[at++] = "0123456789abc"[number % 13];
    }
    log[length - 1] = 0;
}

uint64_t kernel_run(uint32_t size)
{
    static const char *const patterns[] = { "(error|warning)[0-9a-c]* at line [0-9]+",
                                            "[a-z]+=[!-z]*c +(GET|[ -z]*html)", "([0-9]+[.])*[0-9]+b*" };
    uint32_t length = size * 1024;
    char *log = kernel_alloc(length, 1);
    uint64_t sum = 0;
    make_log(log, length);
    for (uint32_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct program program = { .at = patterns[i] };
        parse_choice(&program);
        emit(&program, (struct instruction) { MATCH, 0, 0 });
        for (const char *at = log; *at;) {
            const char *end = match(&program, 0, at);
            if (end)
                sum = kernel_mix(sum, (uint64_t)(end - log));
            at = end && end > at ? end : at + 1;
        }
    }
    return sum;
}
