/* What one script has built so far: modules, instances, names, and the host module `spectest`. White-box: links through
 * the engine's internal header. */
#ifndef WARRANT_TESTS_SPEC_STORE_H
#define WARRANT_TESTS_SPEC_STORE_H

#include "runtime/decode.h"
#include "runtime/link.h"
#include "spec_expect.h"
#include "tests/oracle/oracle.h"
#include "tests/tiers/tier_kit.h"

/* A function of another instance, for the oracle to call. */
struct spec_foreign {
    struct oracle_world *world;
    const struct function_object *function;
};

struct spec_unit {
    struct spec_unit *next; /* the one built before */
    struct rt_module *module;
    struct rt_instance *instance; /* NULL: a definition, or it failed */
    char *name;                   /* owned; NULL: none */
    char *path;                   /* owned; its file */
    struct spec_foreign *foreign; /* owned; by import */
    bool unsupported;             /* needs a proposal that the engine refuses; what refers to it is skipped */
    bool beyond;                  /* the suite says so, of it or of what it imports from */
};

struct spec_registration {
    struct spec_registration *next;
    char *name; /* owned */
    struct spec_unit *unit;
};

struct spec_store {
    struct spec_unit *units; /* owned, newest first */
    struct spec_registration *registrations;
    struct spec_unit *current, *definition;
    const struct spec_expect *expect; /* borrows; may be NULL */
    struct oracle_world *oracle;      /* owned; runs everything if it is not NULL, else the engine does */
    struct tiers *tiers;              /* borrowed; who executes for the engine; NULL: the interpreter */
    bool later_types;                 /* modules may have the types of 3.0 */
    struct function_object print[7];
    struct type_def print_types[7];
    uint64_t globals[4];
    struct table table;
    struct memory memory;
};

void spec_store_init(struct spec_store *store, bool oracle);
void spec_store_done(struct spec_store *store);

/* Loads a file as a new unit; *ret is set whatever the status, and stays in the store. */
enum status spec_store_load(struct spec_store *store, const char *path, struct spec_unit **ret, struct error *error);
/* Links and starts; an import from a unit that is beyond makes the importer so. UNSUPPORTED where an import comes from
 * a unit that is. */
enum status spec_store_instantiate(struct spec_store *store, struct spec_unit *unit, struct error *error);
/* Calls a function: slots hold the arguments, then the results. */
enum rt_trap_kind spec_store_call(const struct spec_store *store, struct rt_instance *instance, uint32_t function,
                                  uint64_t *slots);
/* NULL name: the current one. */
struct spec_unit *spec_store_find(struct spec_store *store, const char *name);
void spec_store_name(struct spec_unit *unit, const char *name);
void spec_store_register(struct spec_store *store, const char *as, struct spec_unit *unit);

#endif
