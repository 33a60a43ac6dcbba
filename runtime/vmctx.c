/* The offsets of struct rt_vmctx that compiled code will rely on, held at compile time. */
#include "runtime/instance.h"

_Static_assert(offsetof(struct rt_instance, vm) == 0, "the context is the instance's first member");
_Static_assert(offsetof(struct rt_vmctx, memory_base) == 0, "rt.h names the offset");
_Static_assert(offsetof(struct rt_vmctx, memory_size) == 8, "rt.h names the offset");
_Static_assert(offsetof(struct rt_vmctx, globals) == 16, "rt.h names the offset");
_Static_assert(offsetof(struct rt_vmctx, tables) == 24, "rt.h names the offset");
_Static_assert(offsetof(struct rt_vmctx, fuel) == 32, "rt.h names the offset");
_Static_assert(offsetof(struct rt_vmctx, depth) == 40, "rt.h names the offset");
_Static_assert(offsetof(struct rt_vmctx, interrupt) == 44, "rt.h names the offset");
_Static_assert(sizeof(struct rt_vmctx) == 48, "nothing is added without thought");
_Static_assert(sizeof(uint64_t) >= sizeof(uintptr_t), "a reference is an address in a slot");
