/* Big numbers: SIZE! by repeated short multiplication, its square by the schoolbook method, and the square's decimal
 * digits by repeated short division. 32-bit limbs with 64-bit products: add-with-carry chains and i64 arithmetic. */
#include "bench/kernels/kernel.h"

struct big {
    uint32_t *limbs; /* least significant first */
    uint32_t count;
};

static void multiply_short(struct big *number, uint32_t factor)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < number->count; i++) {
        carry += (uint64_t)number->limbs[i] * factor;
        number->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        number->limbs[number->count++] = (uint32_t)carry;
}

static void multiply(struct big *product, const struct big *a, const struct big *b)
{
    product->count = a->count + b->count;
    for (uint32_t i = 0; i < a->count; i++) {
        uint64_t carry = 0;
        for (uint32_t j = 0; j < b->count; j++) {
            carry += (uint64_t)a->limbs[i] * b->limbs[j] + product->limbs[i + j];
            product->limbs[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product->limbs[i + b->count] = (uint32_t)carry;
    }
}

/* Divides in place and returns the remainder. */
static uint32_t divide_short(struct big *number, uint32_t divisor)
{
    uint64_t rest = 0;
    for (uint32_t i = number->count; i-- > 0;) {
        rest = rest << 32 | number->limbs[i];
        number->limbs[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    while (number->count && number->limbs[number->count - 1] == 0)
        number->count--;
    return (uint32_t)rest;
}

uint64_t kernel_run(uint32_t size)
{
    struct big factorial = { kernel_alloc(size + 2, sizeof(uint32_t)), 1 };
    struct big square = { kernel_alloc(2 * size + 4, sizeof(uint32_t)), 0 };
    factorial.limbs[0] = 1;
    for (uint32_t i = 2; i <= size; i++)
        multiply_short(&factorial, i);
    multiply(&square, &factorial, &factorial);
    uint64_t sum = 0;
    while (square.count)
        sum = kernel_mix(sum, divide_short(&square, 1000000000));
    return sum;
}
