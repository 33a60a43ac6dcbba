/* The commands (the table in the suite's README). A command passes only when the engine did what it says: the right
 * results to the bit, the right trap, or a refusal. */
#include "spec_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spec_json.h"
#include "spec_store_white.h"
#include "spec_values.h"

enum outcome { PASSED, FAILED, SKIPPED_TEXT, SKIPPED_UNSUPPORTED, SUPERSEDED };

struct script {
    const char *path;
    struct spec_store store;
    const struct spec_expect *expect;
    bool beyond; /* of the command at hand: it refers to something that needs more than the engine has */
    char why[ERROR_TEXT_MAX];
};

struct result {
    enum status status; /* OK, TRAPPED, or NOT_FOUND and UNSUPPORTED from the runner */
    enum rt_trap_kind trap;
    uint32_t count;
    const uint32_t *types;
    uint32_t type; /* of a global */
    uint64_t values[2 * LIMIT_PARAMS];
};

static enum outcome fail(struct script *s, const char *format, const char *detail)
{
    snprintf(s->why, sizeof s->why, "%s%s", format, detail);
    return FAILED;
}

static enum status get(struct spec_unit *unit, const struct json *field, struct result *r)
{
    struct extern_value v;
    if (!instance_export(unit->instance, field->text, field->size, &v) || v.kind != KIND_GLOBAL)
        return STATUS_NOT_FOUND;
    r->type = v.global_type.type;
    r->types = &r->type;
    r->count = 1;
    memcpy(r->values, v.global, rt_type_slots(1, &r->type) * sizeof *r->values);
    return STATUS_OK;
}

static enum status invoke(const struct spec_store *store, struct spec_unit *unit, const struct json *field,
                          const struct json *args, struct result *r)
{
    struct extern_value v;
    uint32_t count = 0;
    if (!instance_export(unit->instance, field->text, field->size, &v) || v.kind != KIND_FUNCTION)
        return STATUS_NOT_FOUND;
    for (const struct json *a = args ? args->first : NULL; a; a = a->next) {
        uint32_t width = spec_value_read(a, &r->values[count]);
        if (width == 0)
            return STATUS_UNSUPPORTED;
        count += width;
    }
    r->count = v.function->type->function.result_count;
    r->types = v.function->type->function.results;
    uint32_t index = v.function->function->index;
    if (count != v.function->function->param_slots)
        return STATUS_INVALID;
    r->trap = spec_store_call(store, unit->instance, index, r->values);
    return r->trap == RT_TRAP_NONE ? STATUS_OK : STATUS_TRAPPED;
}

static enum status perform(struct script *s, const struct json *action, struct result *r)
{
    struct spec_unit *unit = spec_store_find(&s->store, json_find_text(action, "module", NULL));
    const struct json *field = json_find(action, "field");
    s->beyond |= unit && unit->beyond;
    if (unit && unit->unsupported)
        return STATUS_UNSUPPORTED;
    if (!unit || !unit->instance || !field)
        return STATUS_NOT_FOUND;
    if (json_is(json_find(action, "type"), "get"))
        return get(unit, field, r);
    return invoke(&s->store, unit, field, json_find(action, "args"), r);
}

/* The trap's words, or the suite's with something behind. */
static bool trap_matches(const char *text, enum rt_trap_kind kind)
{
    const char *words = rt_trap_text(kind);
    return strncmp(text, words, strlen(words)) == 0;
}

static enum outcome run_action(struct script *s, const struct json *command, const char *type)
{
    struct result r = { .status = STATUS_OK };
    const char *text = json_find_text(command, "text", "");
    enum status status = perform(s, json_find(command, "action"), &r);
    if (status == STATUS_UNSUPPORTED || strcmp(type, "assert_exception") == 0)
        return SKIPPED_UNSUPPORTED;
    if (strcmp(type, "assert_trap") == 0 || strcmp(type, "assert_exhaustion") == 0) {
        if (status != STATUS_TRAPPED)
            return fail(s, "did not trap: ", status_text(status));
        return trap_matches(text, r.trap) ? PASSED : fail(s, "another trap: ", rt_trap_text(r.trap));
    }
    if (status != STATUS_OK)
        return fail(s, "did not return: ", status == STATUS_TRAPPED ? rt_trap_text(r.trap) : status_text(status));
    if (strcmp(type, "action") == 0)
        return PASSED;
    const struct json *expected = json_find(command, "expected");
    uint32_t n = 0, slot = 0;
    for (const struct json *e = expected ? expected->first : NULL; e; e = e->next, n++) {
        char found[80];
        if (n >= r.count)
            return fail(s, "too few results", "");
        uint32_t width = rt_type_slots(1, &r.types[n]);
        snprintf(found, sizeof found, "%u is 0x%llx %llx", n, (unsigned long long)r.values[slot + width - 1],
                 width == 2 ? (unsigned long long)r.values[slot] : 0);
        if (!spec_value_matches(e, r.types[n], &r.values[slot]))
            return fail(s, "wrong result: number ", found);
        slot += width;
    }
    return n == r.count ? PASSED : fail(s, "too many results", "");
}

/* The binary that the command names; false where there is only text. */
static bool file_of(const struct script *s, const struct json *command, char *ret, size_t size)
{
    const char *name = json_find_text(command, "filename", "");
    if (json_is(json_find(command, "module_type"), "text"))
        name = json_find_text(command, "binary_filename", NULL);
    if (!name)
        return false;
    const char *slash = strrchr(s->path, '/');
    int folder = slash ? (int)(slash - s->path + 1) : 0;
    snprintf(ret, size, "%.*s%s", folder, s->path, name);
    return true;
}

static enum outcome build(struct script *s, const struct json *command, const char *type, const char *path)
{
    struct error error = ERROR_INIT;
    struct spec_unit *unit;
    const char *name = json_find_text(command, "name", NULL);
    bool definition = strcmp(type, "module_definition") == 0;
    enum status status = spec_store_load(&s->store, path, &unit, &error);
    if (status == STATUS_OK && !definition)
        status = spec_store_instantiate(&s->store, unit, &error);
    spec_store_name(unit, name);
    if (definition)
        s->store.definition = unit;
    else
        s->store.current = unit;
    s->beyond |= unit->beyond;
    if (unit->unsupported)
        return SKIPPED_UNSUPPORTED;
    return status == STATUS_OK ? PASSED : fail(s, "was refused: ", error.text);
}

/* module_instance: every instance loads the definition's file anew, and so is independent of it. */
static enum outcome instantiate(struct script *s, const struct json *command)
{
    const char *wanted = json_find_text(command, "module", NULL);
    struct spec_unit *definition = wanted ? spec_store_find(&s->store, wanted) : s->store.definition, *unit;
    struct error error = ERROR_INIT;
    if (!definition)
        return fail(s, "no such definition", "");
    enum status status = spec_store_load(&s->store, definition->path, &unit, &error);
    if (status == STATUS_OK)
        status = spec_store_instantiate(&s->store, unit, &error);
    spec_store_name(unit, json_find_text(command, "instance", NULL));
    s->store.current = unit;
    s->beyond |= unit->beyond;
    if (unit->unsupported)
        return SKIPPED_UNSUPPORTED;
    return status == STATUS_OK ? PASSED : fail(s, "was refused: ", error.text);
}

static enum outcome run_module_assertion(struct script *s, const struct json *command, const char *type,
                                         const char *path)
{
    struct error error = ERROR_INIT;
    struct spec_unit *unit;
    enum status status = spec_store_load(&s->store, path, &unit, &error);
    if (strcmp(type, "assert_invalid") == 0 || strcmp(type, "assert_malformed") == 0) {
        if (status == STATUS_UNSUPPORTED && s->store.later_types)
            return SKIPPED_UNSUPPORTED;
        if (status == STATUS_OK && spec_expect_superseded(s->expect, path))
            return SUPERSEDED;
        return status == STATUS_OK ? fail(s, "was accepted, but: ", json_find_text(command, "text", "")) : PASSED;
    }
    s->beyond |= unit->beyond;
    if (unit->unsupported)
        return SKIPPED_UNSUPPORTED;
    if (status != STATUS_OK)
        return fail(s, "was refused before linking: ", error.text);
    status = spec_store_instantiate(&s->store, unit, &error);
    s->beyond |= unit->beyond;
    if (unit->unsupported)
        return SKIPPED_UNSUPPORTED;
    enum status wanted = strcmp(type, "assert_unlinkable") == 0 ? STATUS_UNLINKABLE : STATUS_TRAPPED;
    if (status != wanted)
        return fail(s, "was not refused as it must: ", status == STATUS_OK ? "it was instantiated" : error.text);
    if (wanted == STATUS_TRAPPED && !trap_matches(json_find_text(command, "text", ""), unit->instance->trap.kind))
        return fail(s, "another trap: ", rt_trap_text(unit->instance->trap.kind));
    return PASSED;
}

static enum outcome run_command(struct script *s, const struct json *command)
{
    const char *type = json_find_text(command, "type", "");
    char path[4096];
    if (strcmp(type, "action") == 0 || strcmp(type, "assert_return") == 0 || strcmp(type, "assert_trap") == 0 ||
        strcmp(type, "assert_exhaustion") == 0 || strcmp(type, "assert_exception") == 0)
        return run_action(s, command, type);
    if (strcmp(type, "register") == 0) {
        struct spec_unit *unit = spec_store_find(&s->store, json_find_text(command, "name", NULL));
        if (!unit)
            return fail(s, "no such instance", "");
        s->beyond |= unit->beyond;
        spec_store_register(&s->store, json_find_text(command, "as", ""), unit);
        return unit->unsupported ? SKIPPED_UNSUPPORTED : PASSED;
    }
    if (strcmp(type, "module_instance") == 0)
        return instantiate(s, command);
    if (strcmp(type, "assert_invalid_custom") == 0 || strcmp(type, "assert_malformed_custom") == 0)
        return SKIPPED_TEXT;
    if (!file_of(s, command, path, sizeof path))
        return SKIPPED_TEXT;
    if (strcmp(type, "module") == 0 || strcmp(type, "module_definition") == 0)
        return build(s, command, type, path);
    return run_module_assertion(s, command, type, path);
}

/* Counts an outcome; what the engine owes and does not do is a failure, with a line. */
static void count(struct script *s, const struct json *command, enum outcome outcome, struct spec_counts *counts)
{
    const struct json *line = json_find(command, "line");
    bool core = !s->expect || spec_expect_core(s->expect, s->path);
    bool owed = core && !s->beyond && !spec_expect_beyond(s->expect, s->path, (unsigned)strtoul(line->text, NULL, 10));
    owed |= s->store.later_types;
    if (outcome == SKIPPED_UNSUPPORTED && owed && s->expect && !s->store.later_types)
        outcome = fail(s, "was skipped, and needs nothing that the engine lacks", "");
    counts->passed += outcome == PASSED;
    counts->failed += outcome == FAILED && owed;
    counts->other += outcome == FAILED && !owed;
    counts->text += outcome == SKIPPED_TEXT;
    counts->unsupported += outcome == SKIPPED_UNSUPPORTED;
    counts->superseded += outcome == SUPERSEDED;
    if (outcome == FAILED)
        printf("%s%s:%.*s: %s: %s\n", owed ? "" : "(not owed) ", s->path, (int)line->size, line->text,
               json_find_text(command, "type", "?"), s->why);
}

bool spec_script_run(const char *path, const struct spec_expect *expect, struct spec_mode mode,
                     struct spec_counts *counts)
{
    const struct json *root;
    struct json_text *text = json_open(path, &root);
    if (!text)
        return false;
    struct script s = { .path = path, .expect = expect };
    spec_store_init(&s.store, mode.oracle);
    s.store.expect = expect;
    s.store.later_types = mode.later_types;
    s.store.tiers = mode.tiers;
    const struct json *commands = json_find(root, "commands");
    for (const struct json *c = commands ? commands->first : NULL; c; c = c->next) {
        s.beyond = false;
        count(&s, c, run_command(&s, c), counts);
    }
    spec_store_done(&s.store);
    json_close(text);
    return true;
}
