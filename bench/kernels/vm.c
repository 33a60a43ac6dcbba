/* An interpreter of a small stack machine that counts primes and Collatz steps: one loop with a switch, as the
 * interpreters of scripting languages have. Size: the largest number that the interpreted program looks at. */
#include "bench/kernels/kernel.h"

/* clang-format off */
enum op { PUSH, LOAD, STORE, ADD, MULTIPLY, REMAINDER, HALVE, IS_ODD, LESS, JUMP, JUMP_IF_ZERO, CALL, RETURN, STOP };

struct instruction {
    enum op op;
    int32_t operand;
};

enum { NUMBER, LIMIT, DIVISOR, PRIMES, STEPS, VALUE, VARIABLES, PRIME_TEST = 14, COLLATZ = 36, STACK = 32 };

/* The comments are the addresses that jumps name. */
static const struct instruction program[] = {
    { PUSH, 2 }, { STORE, NUMBER }, /* for each NUMBER from 2 below LIMIT: */
    /* 2 */ { LOAD, NUMBER }, { LOAD, LIMIT }, { LESS, 0 }, { JUMP_IF_ZERO, 13 },
    { CALL, PRIME_TEST }, { CALL, COLLATZ },
    { LOAD, NUMBER }, { PUSH, 1 }, { ADD, 0 }, { STORE, NUMBER }, { JUMP, 2 },
    /* 13 */ { STOP, 0 },
    /* 14: a prime, if no DIVISOR from 2 to the square root divides it */ { PUSH, 2 }, { STORE, DIVISOR },
    /* 16 */ { LOAD, NUMBER }, { LOAD, DIVISOR }, { LOAD, DIVISOR }, { MULTIPLY, 0 }, { LESS, 0 }, { JUMP_IF_ZERO, 27 },
    { LOAD, PRIMES }, { PUSH, 1 }, { ADD, 0 }, { STORE, PRIMES },
    /* 26 */ { RETURN, 0 },
    /* 27 */ { LOAD, NUMBER }, { LOAD, DIVISOR }, { REMAINDER, 0 }, { JUMP_IF_ZERO, 26 },
    { LOAD, DIVISOR }, { PUSH, 1 }, { ADD, 0 }, { STORE, DIVISOR }, { JUMP, 16 },
    /* 36: halves or triples VALUE until it is 1 */ { LOAD, NUMBER }, { STORE, VALUE },
    /* 38 */ { PUSH, 1 }, { LOAD, VALUE }, { LESS, 0 }, { JUMP_IF_ZERO, 59 },
    { LOAD, STEPS }, { PUSH, 1 }, { ADD, 0 }, { STORE, STEPS },
    { LOAD, VALUE }, { IS_ODD, 0 }, { JUMP_IF_ZERO, 55 },
    { LOAD, VALUE }, { PUSH, 3 }, { MULTIPLY, 0 }, { PUSH, 1 }, { ADD, 0 }, { JUMP, 57 },
    /* 55 */ { LOAD, VALUE }, { HALVE, 0 },
    /* 57 */ { STORE, VALUE }, { JUMP, 38 },
    /* 59 */ { RETURN, 0 },
};
/* clang-format on */

static uint64_t execute(const struct instruction *code, int64_t *variables)
{
    int64_t stack[STACK], *top = stack; /* top: the first free place */
    int32_t returns[STACK], depth = 0, pc = 0;
    uint64_t executed = 0;
    for (;;) {
        const struct instruction *now = &code[pc++];
        executed++;
        switch (now->op) {
        case PUSH:
            *top++ = now->operand;
            break;
        case LOAD:
            *top++ = variables[now->operand];
            break;
        case STORE:
            variables[now->operand] = *--top;
            break;
        case ADD:
            top--, top[-1] += *top;
            break;
        case MULTIPLY:
            top--, top[-1] *= *top;
            break;
        case REMAINDER:
            top--, top[-1] %= *top;
            break;
        case HALVE:
            top[-1] >>= 1;
            break;
        case IS_ODD:
            top[-1] &= 1;
            break;
        case LESS:
            top--, top[-1] = top[-1] < *top;
            break;
        case JUMP:
            pc = now->operand;
            break;
        case JUMP_IF_ZERO:
            if (*--top == 0)
                pc = now->operand;
            break;
        case CALL:
            returns[depth++] = pc;
            pc = now->operand;
            break;
        case RETURN:
            pc = returns[--depth];
            break;
        case STOP:
            return executed;
        }
    }
}

uint64_t kernel_run(uint32_t size)
{
    int64_t variables[VARIABLES] = { [LIMIT] = (int64_t)size + 1 };
    uint64_t sum = execute(program, variables);
    sum = kernel_mix(sum, (uint64_t)variables[PRIMES]);
    return kernel_mix(sum, (uint64_t)variables[STEPS]);
}
