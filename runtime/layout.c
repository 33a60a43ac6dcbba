/* The layout that layout.h states, held at compile time. */
#include "runtime/layout.h"

#include "runtime/instance.h"

#define ASSERT_OFFSET(name, field, offset)                                                                             \
    _Static_assert(offsetof(struct name, field) == LAYOUT_##name##_##field, "layout.h: " #name "." #field);
#define ASSERT_SIZE(name, bytes)                                                                                       \
    _Static_assert(sizeof(struct name) == LAYOUT_##name##_size, "layout.h: the size of " #name);
LAYOUT(ASSERT_OFFSET)
LAYOUT_SIZES(ASSERT_SIZE)
_Static_assert(sizeof(uint64_t) >= sizeof(uintptr_t), "a reference is an address in a slot");
