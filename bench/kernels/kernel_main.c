/* The program around a kernel: NAME [SIZE]. The time is taken inside, so that a runtime's start-up is not in it;
 * whoever wants start-up too measures the process. KERNEL_SIZE, the default, comes from kernels.tsv through the build.
 */
#include "bench/kernels/kernel.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void *kernel_alloc(uint32_t count, uint32_t bytes)
{
    void *memory = calloc(count, bytes);
    if (!memory) {
        fprintf(stderr, "kernel: no memory for %" PRIu32 " elements of %" PRIu32 " bytes\n", count, bytes);
        exit(1);
    }
    return memory;
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    unsigned long size = argc > 1 ? strtoul(argv[1], &end, 10) : KERNEL_SIZE;
    if (argc > 2 || size == 0 || size > 1000000000 || (end && *end)) {
        fprintf(stderr, "usage: %s [SIZE]\n", argv[0]);
        return 2;
    }
    uint64_t before = now();
    uint64_t checksum = kernel_run((uint32_t)size);
    uint64_t after = now();
    printf("%016" PRIx64 "\n", checksum);
    fprintf(stderr, "%" PRIu64 "\n", after - before);
    return 0;
}
