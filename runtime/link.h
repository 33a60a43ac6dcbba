/* Linking of things other than host functions, and looking into an instance: for the engine itself and for white-box
 * tests (the specification's test suite links modules with each other). Internal to runtime/.
 *
 * Instances that share something must all live until none of them runs any more; the owner is freed last. */
#ifndef WARRANT_RUNTIME_LINK_H
#define WARRANT_RUNTIME_LINK_H

#include "runtime/instance.h"

/* Something that can be imported. */
struct extern_value {
    uint8_t kind;                           /* KIND_... */
    const struct function_object *function; /* borrows until the importing instance is freed; so do the others */
    struct table *table;
    struct memory *memory;
    uint64_t *global;
    struct global_type global_type;
    const struct types *types; /* whose definitions global_type may name; NULL: none's */
};

/* Creates an instance from one value per import, in the order of the module's imports. A value whose kind or type does
 * not fit is UNLINKABLE. Else as rt_instance_create. */
MUST_USE enum status instance_link(const struct rt_module *module, const struct extern_value *imports,
                                   const struct rt_limits *limits, struct rt_instance **ret, struct error *error);
/* Enters the imports into an instance under construction. */
MUST_USE enum status link_imports(struct rt_instance *instance, const struct extern_value *imports,
                                  struct error *error);
/* The function that a reference stands for: imports of other instances' functions are followed to where it is defined.
 */
const struct function_object *function_origin(const struct function_object *function);
/* Finds an export, or false. */
bool instance_export(struct rt_instance *instance, const char *name, size_t size, struct extern_value *ret);

#endif
