/* The one place where the platform is named (house rule 3). */
#ifndef WARRANT_BASE_PLATFORM_H
#define WARRANT_BASE_PLATFORM_H

#if defined(__linux__)
#define PLATFORM_LINUX  1
#define PLATFORM_DARWIN 0
#elif defined(__APPLE__)
#define PLATFORM_LINUX  0
#define PLATFORM_DARWIN 1
#else
#error "warrant builds on Linux and macOS"
#endif

#if defined(__x86_64__)
#define PLATFORM_X86_64 1
#define PLATFORM_ARM64  0
#elif defined(__aarch64__)
#define PLATFORM_X86_64 0
#define PLATFORM_ARM64  1
#else
#error "warrant builds for x86-64 and arm64"
#endif

/* A calling convention with more arguments in registers than usual, where the compiler has one. */
#if defined(__has_attribute) && __has_attribute(preserve_none)
#define PLATFORM_MANY_REGISTERS __attribute__((preserve_none))
#elif defined(__clang__) && PLATFORM_X86_64
#define PLATFORM_MANY_REGISTERS __attribute__((regcall))
#else
#define PLATFORM_MANY_REGISTERS
#endif

/* A function whose text is meant to be expanded where it is called, with that call's constants. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Which way a test nearly always goes. */
#define LIKELY(test)   __builtin_expect(!!(test), 1)
#define UNLIKELY(test) __builtin_expect(!!(test), 0)

#include <stdint.h>

/* The cheapest monotonic counter of the processor, in its own ticks. */
static inline uint64_t platform_ticks(void)
{
#if PLATFORM_X86_64
    return __builtin_ia32_rdtsc();
#else
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#endif
}

#endif
