/* Sections are written as they are called for; each type is given anew to its user, for the sake of brevity. */
#include "rt_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void leb(struct buffer *b, uint32_t v)
{
    do {
        buffer_u8(b, (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0)));
        v >>= 7;
    } while (v > 0);
}

static void text(struct buffer *b, const char *s)
{
    leb(b, (uint32_t)strlen(s));
    buffer_bytes(b, s, strlen(s));
}

static uint8_t type_code(char c)
{
    static const char letters[] = "iIfFvre";
    static const uint8_t codes[] = { RT_I32, RT_I64, RT_F32, RT_F64, RT_V128, RT_FUNCREF, RT_EXTERNREF };
    const char *at = strchr(letters, c);
    if (!at)
        abort();
    return codes[at - letters];
}

static uint32_t type_add(struct rt_build *b, const char *type)
{
    size_t params = strcspn(type, ":"), results = strlen(type) - params - 1;
    buffer_u8(&b->types, 0x60);
    leb(&b->types, (uint32_t)params);
    for (size_t i = 0; i < params; i++)
        buffer_u8(&b->types, type_code(type[i]));
    leb(&b->types, (uint32_t)results);
    for (size_t i = 0; i < results; i++)
        buffer_u8(&b->types, type_code(type[params + 1 + i]));
    return b->type_count++;
}

void rt_build_import(struct rt_build *b, const char *module, const char *name, const char *type)
{
    text(&b->imports, module);
    text(&b->imports, name);
    buffer_u8(&b->imports, 0);
    leb(&b->imports, type_add(b, type));
    b->import_count++;
}

void rt_build_function(struct rt_build *b, const char *type, const char *locals, const uint8_t *code, size_t size)
{
    struct buffer body = BUFFER_INIT;
    leb(&b->functions, type_add(b, type));
    b->function_count++;
    leb(&body, (uint32_t)strlen(locals));
    for (; *locals; locals++) {
        leb(&body, 1);
        buffer_u8(&body, type_code(*locals));
    }
    buffer_bytes(&body, code, size);
    buffer_u8(&body, 0x0b);
    leb(&b->bodies, (uint32_t)body.size);
    buffer_bytes(&b->bodies, body.data, body.size);
    buffer_done(&body);
}

void rt_build_export(struct rt_build *b, const char *name, uint32_t function)
{
    text(&b->exports, name);
    buffer_u8(&b->exports, 0);
    leb(&b->exports, function);
    b->export_count++;
}

void rt_build_name(struct rt_build *b, uint32_t function, const char *name)
{
    leb(&b->names, function);
    text(&b->names, name);
    b->name_count++;
}

static void items(struct rt_build *b, const uint32_t *functions, uint32_t count)
{
    leb(&b->elems, count);
    for (uint32_t i = 0; i < count; i++)
        leb(&b->elems, functions[i]);
    b->elem_count++;
}

void rt_build_elems(struct rt_build *b, const uint32_t *functions, uint32_t count)
{
    buffer_bytes(&b->elems, "\0\x41\0\x0b", 4);
    items(b, functions, count);
}

void rt_build_passive_elems(struct rt_build *b, const uint32_t *functions, uint32_t count)
{
    buffer_bytes(&b->elems, "\x01\0", 2);
    items(b, functions, count);
}

void rt_build_data(struct rt_build *b, uint32_t at, const void *bytes, uint32_t size)
{
    buffer_bytes(&b->datas, "\0\x41", 2);
    /* A positive number in signed form: five bytes hold any. */
    for (int i = 0; i < 4; i++)
        buffer_u8(&b->datas, (uint8_t)(0x80 | (at >> (7 * i) & 0x7f)));
    buffer_u8(&b->datas, (uint8_t)(at >> 28 & 0x0f));
    buffer_u8(&b->datas, 0x0b);
    leb(&b->datas, size);
    buffer_bytes(&b->datas, bytes, size);
    b->data_count++;
}

void rt_build_passive_data(struct rt_build *b, const void *bytes, uint32_t size)
{
    buffer_u8(&b->datas, 1);
    leb(&b->datas, size);
    buffer_bytes(&b->datas, bytes, size);
    b->data_count++;
}

static void section(struct rt_build *b, uint8_t id, uint32_t count, const struct buffer *content)
{
    struct buffer head = BUFFER_INIT;
    if (count == 0)
        return;
    leb(&head, count);
    buffer_u8(&b->module, id);
    leb(&b->module, (uint32_t)(head.size + content->size));
    buffer_bytes(&b->module, head.data, head.size);
    buffer_bytes(&b->module, content->data, content->size);
    buffer_done(&head);
}

static void section_names(struct rt_build *b)
{
    struct buffer map = BUFFER_INIT, all = BUFFER_INIT;
    if (b->name_count == 0)
        return;
    leb(&map, b->name_count);
    buffer_bytes(&map, b->names.data, b->names.size);
    text(&all, "name");
    buffer_u8(&all, 1);
    leb(&all, (uint32_t)map.size);
    buffer_bytes(&all, map.data, map.size);
    buffer_u8(&b->module, 0);
    leb(&b->module, (uint32_t)all.size);
    buffer_bytes(&b->module, all.data, all.size);
    buffer_done(&map);
    buffer_done(&all);
}

void rt_build_finish(struct rt_build *b)
{
    struct buffer table = BUFFER_INIT, memory = BUFFER_INIT, globals = BUFFER_INIT, none = BUFFER_INIT;
    buffer_bytes(&table, "\x70\0", 2);
    leb(&table, b->table_size);
    for (uint32_t i = 0; i <= b->more_memories; i++) {
        buffer_u8(&memory, 1);
        leb(&memory, b->memory_min);
        leb(&memory, b->memory_max);
    }
    for (uint32_t i = 0; i < b->globals; i++)
        buffer_bytes(&globals, "\x7f\x01\x41\x07\x0b", 5);
    buffer_bytes(&b->module, "\0asm\x01\0\0\0", 8);
    section(b, 1, b->type_count, &b->types);
    section(b, 2, b->import_count, &b->imports);
    section(b, 3, b->function_count, &b->functions);
    section(b, 4, b->table_size > 0, &table);
    section(b, 5, b->memory_max > 0 ? 1 + b->more_memories : 0, &memory);
    section(b, 6, b->globals, &globals);
    section(b, 7, b->export_count, &b->exports);
    section(b, 9, b->elem_count, &b->elems);
    section(b, 12, b->data_count, &none);
    section(b, 10, b->function_count, &b->bodies);
    section(b, 11, b->data_count, &b->datas);
    section_names(b);
    buffer_done(&table);
    buffer_done(&memory);
    buffer_done(&globals);
}

void rt_build_done(struct rt_build *b)
{
    struct buffer *all[] = { &b->types, &b->imports, &b->functions, &b->exports, &b->bodies,
                             &b->elems, &b->datas,   &b->names,     &b->module };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buffer_done(all[i]);
}

struct rt_module *rt_build_load(struct rt_build *b)
{
    struct error error = ERROR_INIT;
    struct rt_module *module = NULL;
    rt_build_finish(b);
    if (rt_module_load(b->module.data, b->module.size, NULL, &module, &error) != STATUS_OK) {
        fprintf(stderr, "the test's module was refused: %s\n", error.text);
        abort();
    }
    rt_build_done(b);
    return module;
}
