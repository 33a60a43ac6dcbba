/* A guest that makes some of everything, slowly enough to be killed: writes, reads back, stats, seeks, clocks.
 * usage: steps ROUNDS. Works in /data; prints a checksum. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint32_t factor = 48271; /* a constant that tests change */

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 10;
    uint32_t state = 1, sum = 0;
    int file = open("/data/steps.bin", O_RDWR | O_CREAT | O_TRUNC, 0666);
    if (file < 0)
        return 1;
    for (int i = 0; i < rounds; i++) {
        uint32_t block[16];
        for (int k = 0; k < 16; k++) {
            state = (uint32_t)((uint64_t)state * factor % 2147483647u);
            block[k] = state;
        }
        struct timespec now;
        struct stat st;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (write(file, block, sizeof block) != sizeof block || fstat(file, &st) < 0)
            return 2;
        if (lseek(file, (off_t)(state % (uint32_t)(i + 1)) * 64, SEEK_SET) < 0 || read(file, block, 4) != 4)
            return 3;
        sum ^= block[0] + (uint32_t)st.st_size;
        if (lseek(file, 0, SEEK_END) < 0)
            return 4;
    }
    close(file);
    if (unlink("/data/steps.bin") < 0)
        return 5;
    printf("%08x\n", sum);
    return 0;
}
