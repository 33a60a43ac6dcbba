/* Bodies that attract each other, moved by leapfrog steps: floating point with square roots and divisions, all data in
 * the first cache. Size: steps. */
#include "bench/kernels/kernel.h"
#include <math.h>

enum { BODIES = 8 };

struct body {
    double place[3], speed[3], mass;
};

static void make_bodies(struct body *bodies)
{
    uint64_t state = 8;
    for (int i = 0; i < BODIES; i++) {
        for (int axis = 0; axis < 3; axis++) {
            bodies[i].place[axis] = kernel_random_double(&state) * 20 - 10;
            bodies[i].speed[axis] = kernel_random_double(&state) - 0.5;
        }
        bodies[i].mass = kernel_random_double(&state) + 0.1;
    }
}

static void attract(struct body *bodies, double step)
{
    for (int i = 0; i < BODIES; i++) {
        struct body *a = &bodies[i];
        for (int j = i + 1; j < BODIES; j++) {
            struct body *b = &bodies[j];
            double x = a->place[0] - b->place[0], y = a->place[1] - b->place[1], z = a->place[2] - b->place[2];
            double square = x * x + y * y + z * z + 0.01; /* softened: bodies may meet */
            double pull = step / (square * sqrt(square));
            double on_a = pull * b->mass, on_b = pull * a->mass;
            a->speed[0] -= x * on_a, a->speed[1] -= y * on_a, a->speed[2] -= z * on_a;
            b->speed[0] += x * on_b, b->speed[1] += y * on_b, b->speed[2] += z * on_b;
        }
    }
}

uint64_t kernel_run(uint32_t size)
{
    struct body bodies[BODIES];
    const double step = 0.001;
    make_bodies(bodies);
    for (uint32_t i = 0; i < size; i++) {
        attract(bodies, step);
        for (int b = 0; b < BODIES; b++)
            for (int axis = 0; axis < 3; axis++)
                bodies[b].place[axis] += step * bodies[b].speed[axis];
    }
    uint64_t sum = 0;
    for (int b = 0; b < BODIES; b++)
        for (int axis = 0; axis < 3; axis++)
            sum = kernel_mix_double(sum, bodies[b].place[axis]);
    return sum;
}
