/* Modules for tests, built in memory: sections in order, bodies as bytes. Types are written "params:results" with the
 * letters of the opcode table. Function indices are counted by the caller: imports first. */
#ifndef WARRANT_TESTS_RT_BUILD_H
#define WARRANT_TESTS_RT_BUILD_H

#include "runtime/base/base.h"
#include "runtime/rt.h"

struct rt_build {
    struct buffer types, imports, functions, exports, bodies, elems, datas, names;
    uint32_t type_count, import_count, function_count, export_count, elem_count, data_count, name_count;
    uint32_t memory_min, memory_max, table_size, globals; /* 0: none; globals are mutable i32 of value 7 */
    uint32_t more_memories;                               /* of the same limits, from index 1 on */
    struct buffer module;                                 /* the result */
};

/* A body's bytes, without its final `end`. */
#define CODE(...) (const uint8_t[]) { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ })

void rt_build_import(struct rt_build *b, const char *module, const char *name, const char *type);
/* locals: letters, each one group. */
void rt_build_function(struct rt_build *b, const char *type, const char *locals, const uint8_t *code, size_t size);
void rt_build_export(struct rt_build *b, const char *name, uint32_t function);
void rt_build_name(struct rt_build *b, uint32_t function, const char *name);
/* An active segment of table 0 from element 0 on. */
void rt_build_elems(struct rt_build *b, const uint32_t *functions, uint32_t count);
/* A passive segment. */
void rt_build_passive_elems(struct rt_build *b, const uint32_t *functions, uint32_t count);
/* An active segment of memory 0. */
void rt_build_data(struct rt_build *b, uint32_t at, const void *bytes, uint32_t size);
/* A passive one. */
void rt_build_passive_data(struct rt_build *b, const void *bytes, uint32_t size);
/* Writes b->module. */
void rt_build_finish(struct rt_build *b);
void rt_build_done(struct rt_build *b);
/* finish, load, done; the module must be accepted. Returns owned. */
struct rt_module *rt_build_load(struct rt_build *b);

#endif
