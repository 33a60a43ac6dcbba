/* Traps in a nested call: `nested`, `recurse N` (N frames of down), `for-ever` (until no stack is left). */
#include <stdlib.h>
#include <string.h>

#define FRAME __attribute__((noinline))

FRAME static int inner(int n)
{
    if (n == 0)
        __builtin_trap(); /* the line of inner */
    return n + 1;
}

FRAME static int middle(int n)
{
    int got = inner(n); /* the line of middle */
    return got + 1;
}

FRAME static int outer(int n) { return middle(n) + 1; /* the line of outer */ }

FRAME static int down(int n)
{
    if (n <= 1)
        __builtin_trap();   /* the last line of down */
    return down(n - 1) + 1; /* the line of down */
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "recurse") == 0)
        return down(atoi(argv[2]));
    if (argc > 1 && strcmp(argv[1], "for-ever") == 0)
        return down(2000000000);
    return argc > 1 && strcmp(argv[1], "nested") == 0 ? outer(0) : 3;
}
