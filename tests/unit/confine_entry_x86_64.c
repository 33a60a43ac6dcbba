/* int 0x80: number 20 is getpid in the 32-bit table, writev in the 64-bit one. */
#include "tests/unit/confine_entry.h"

long confine_entry_compat_getpid(void)
{
    long result = 20;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    return result;
}
