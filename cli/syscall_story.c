/* All that is known of one system call: what it can do, how it can go around isolation and who says so, who may issue
 * it and with which operands, for which hostcalls, what stops the rest, and what runs did with it.
 *
 * Invariant: everything is read off the tables (syscalls.def, ops.def, operations.def) and the database; what a role is
 * and what literature there is stands here and in syscall_sources.def alone. */
#include "cli/syscall_story.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "checker/checker.h"
#include "cli/print.h"
#include "runtime/base/json_writer.h"
#include "wasi/abi/op_sets.h"

static const char *const role_texts[SYSCALL_ROLE_COUNT] = {
    [SYSCALL_ROLE_OP] = "the confined guest's process, for the plan of a hostcall",
    [SYSCALL_ROLE_SETUP] = "the guest's process before it is confined",
    [SYSCALL_ROLE_RUN] = "the confined guest's process, outside of plans",
    [SYSCALL_ROLE_RECORDER] = "the recorder",
    [SYSCALL_ROLE_LAUNCHER] = "the launcher",
    [SYSCALL_ROLE_WITNESS] = "the witness",
    [SYSCALL_ROLE_SANITIZER] = "the confined guest's process, in a build that carries a sanitizer",
    [SYSCALL_ROLE_REPLAY] = "the process that replays a trace",
    [SYSCALL_ROLE_BENEATH] = "the confined guest's process, to resolve a path at once",
    [SYSCALL_ROLE_WALK] = "the confined guest's process, to resolve a path component by component",
    [SYSCALL_ROLE_NETWORK] = "the confined guest's process, in a run that may make sockets",
    [SYSCALL_ROLE_SOCKETS] = "the confined guest's process, in a run that has sockets, made or given",
};

enum source {
#define SOURCE(id, text) SOURCE_##id,
#define CITES(...)
#include "cli/syscall_sources.def"
#undef SOURCE
#undef CITES
    SOURCE_COUNT
};
static const char *const source_texts[SOURCE_COUNT] = {
#define SOURCE(id, text) text,
#define CITES(...)
#include "cli/syscall_sources.def"
#undef SOURCE
#undef CITES
};
static const struct cite {
    uint16_t call, source; /* enum syscall_index, enum source */
    const char *text;
} cites[] = {
#define SOURCE(...)
#define CITES(call, source, text) { SYSCALL_ROW_##call, SOURCE_##source, text },
#include "cli/syscall_sources.def"
#undef SOURCE
#undef CITES
};

static const char *const effect_names[] = { "memory", "files", "network", "processes", "kernel" };

static const char *effect_text(char letter)
{
    return letter == 'r'   ? "tells something of it"
           : letter == 'w' ? "changes it"
           : letter == 'x' ? "crosses its isolation"
                           : NULL;
}

static bool cites_row(const struct cite *cite, const struct syscall_row *row)
{
    return &abi_syscalls[cite->call] == row;
}

/* The ops that are this system call. */
static uint64_t ops_of(const struct syscall_row *row)
{
    uint64_t ops = 0;
    for (uint32_t kind = 0; kind < OP_COUNT; kind++)
        if (strcmp(abi_ops[kind].syscall, row->name) == 0)
            ops |= abi_op_bit(kind);
    if (row->roles & SYSCALL_BY(WALK)) /* whoever resolves a path */
        ops |= ops_walk;
    return ops;
}

/* What runs did with it, by hostcall. The name is one of the table's. */
static void seen_sql(const struct syscall_row *row, char *ret, size_t size)
{
    snprintf(ret, size,
             "SELECT s.run, s.process, s.class, coalesce(n.name, '-') AS hostcall, count(*) AS count,"
             " coalesce(sum(s.result < 0), 0) AS errors FROM syscalls s LEFT JOIN hostcall h ON h.id = s.hostcall"
             " LEFT JOIN call_name n ON n.id = h.call WHERE s.name = '%s' GROUP BY 1, 2, 3, 4"
             " ORDER BY run, count DESC, class, hostcall",
             row->name);
}

/* ---- for people ---- */

static void number_print(const struct syscall_row *row, enum syscall_machine machine)
{
    int64_t number = syscall_row_number(row, machine);
    if (number >= 0)
        print_out("  %s: number %" PRId64 "\n", syscall_machine_name(machine), number);
    else
        print_out("  %s: has it not\n", syscall_machine_name(machine));
}

static void what_print(const struct syscall_row *row)
{
    print_out("%s: %s, %s\n", row->name, syscall_impact_name((enum syscall_impact)row->impact),
              syscall_impact_text((enum syscall_impact)row->impact));
    for (int machine = 0; machine < SYSCALL_MACHINE_COUNT; machine++)
        number_print(row, (enum syscall_machine)machine);
    print_out("\nwhat it can do\n");
    bool any = false;
    for (size_t i = 0; i < sizeof effect_names / sizeof *effect_names; i++)
        if (effect_text(row->effect[i])) {
            print_out("  %s: %s\n", effect_names[i], effect_text(row->effect[i]));
            any = true;
        }
    print_out("%s", any ? "" : "  nothing to memory, files, network, processes or kernel\n");
    print_out("\nhow it can go around isolation\n  %s\n", row->bypass[0] ? row->bypass : "no way is known");
    for (size_t i = 0; i < sizeof cites / sizeof *cites; i++)
        if (cites_row(&cites[i], row))
            print_out("  - %s: %s\n", source_texts[cites[i].source], cites[i].text);
    print_out("  - %s(2) of the Linux manual\n", row->name);
}

static void hostcalls_print(const struct syscall_row *row)
{
    uint64_t ops = ops_of(row);
    for (uint32_t kind = 0; kind < OP_COUNT; kind++) {
        if (!(ops & abi_op_bit(kind)))
            continue;
        print_out("  for the op %s of", abi_ops[kind].text);
        const char *before = " ";
        for (unsigned i = 0; i < OPERATION_COUNT; i++)
            if (abi_operations[i].ops & abi_op_bit(kind)) {
                print_out("%s%s", before, abi_operations[i].name);
                before = ", ";
            }
        print_out("\n");
    }
}

static void who_print(const struct syscall_row *row)
{
    bool any = false;
    print_out("\nwho may issue it\n");
    for (int role = 0; role < SYSCALL_ROLE_COUNT; role++)
        if (row->roles & (1U << role)) {
            print_out("  %s (%s)\n", role_texts[role], syscall_role_name((enum syscall_role)role));
            any = true;
        }
    print_out("%s", any ? "" : "  nobody\n");
    hostcalls_print(row);
    if (row->roles & SYSCALL_BY_GUEST)
        print_out("  confined, with these operands alone: %s\n", syscall_check_text((enum syscall_check)row->check));
    print_out("\nwhat stops the rest\n  %s\n", syscall_stopped_by(row));
}

static enum status out_write(void *self, const void *bytes, size_t size, struct error *error)
{
    (void)self;
    (void)error;
    print_bytes(stdout, bytes, size);
    return STATUS_OK;
}

/* ---- JSON ---- */

static enum status buffer_write(void *self, const void *bytes, size_t size, struct error *error)
{
    struct buffer *out = self;
    buffer_bytes(out, bytes, size);
    return out->status == STATUS_OK ? STATUS_OK : error_set(error, out->status, "no memory for the answer");
}

static void who_json(const struct syscall_row *row, struct json *json)
{
    uint64_t ops = ops_of(row);
    json_array_begin(json, "roles");
    for (int role = 0; role < SYSCALL_ROLE_COUNT; role++)
        if (row->roles & (1U << role)) {
            json_object_begin(json, NULL);
            json_string(json, "role", syscall_role_name((enum syscall_role)role));
            json_string(json, "who", role_texts[role]);
            json_object_end(json);
        }
    json_array_end(json);
    json_string(json, "operands",
                row->roles & SYSCALL_BY_GUEST ? syscall_check_text((enum syscall_check)row->check) : NULL);
    json_object_begin(json, "ops");
    for (uint32_t kind = 0; kind < OP_COUNT; kind++) {
        if (!(ops & abi_op_bit(kind)))
            continue;
        json_array_begin(json, abi_ops[kind].text);
        for (unsigned i = 0; i < OPERATION_COUNT; i++)
            if (abi_operations[i].ops & abi_op_bit(kind))
                json_string(json, NULL, abi_operations[i].name);
        json_array_end(json);
    }
    json_object_end(json);
}

static enum status story_json(const struct syscall_row *row, const char *sql, const char *db_path, struct error *error)
{
    struct buffer out = BUFFER_INIT, seen = BUFFER_INIT;
    struct json json = json_over(&out);
    json_object_begin(&json, NULL);
    json_string(&json, "name", row->name);
    for (int machine = 0; machine < SYSCALL_MACHINE_COUNT; machine++)
        json_i64(&json, syscall_machine_name((enum syscall_machine)machine),
                 syscall_row_number(row, (enum syscall_machine)machine));
    json_string(&json, "impact", syscall_impact_name((enum syscall_impact)row->impact));
    json_string(&json, "could", syscall_impact_text((enum syscall_impact)row->impact));
    json_object_begin(&json, "effect");
    for (size_t i = 0; i < sizeof effect_names / sizeof *effect_names; i++)
        json_string(&json, effect_names[i], effect_text(row->effect[i]));
    json_object_end(&json);
    json_string(&json, "bypass", row->bypass[0] ? row->bypass : NULL);
    json_array_begin(&json, "literature");
    for (size_t i = 0; i < sizeof cites / sizeof *cites; i++)
        if (cites_row(&cites[i], row)) {
            json_object_begin(&json, NULL);
            json_string(&json, "source", source_texts[cites[i].source]);
            json_string(&json, "says", cites[i].text);
            json_object_end(&json);
        }
    json_array_end(&json);
    who_json(row, &json);
    json_string(&json, "stopped_by", syscall_stopped_by(row));
    enum status s = STATUS_OK;
    if (db_path) {
        const struct checker_sink sink = { buffer_write, &seen, 0 };
        s = checker_query(db_path, sql, NULL, CHECKER_JSON, &sink, error);
        while (seen.size > 0 && seen.data[seen.size - 1] == '\n')
            seen.size--;
        json_number(&json, "seen", seen.data, seen.size); /* an array, in JSON's form already */
    }
    json_object_end(&json);
    buffer_u8(&out, '\n');
    if (s == STATUS_OK)
        print_text(stdout, &out);
    buffer_done(&seen);
    buffer_done(&out);
    return s;
}

enum status syscall_story_print(const struct syscall_row *row, const char *db_path, bool json, struct error *error)
{
    char sql[1024];
    const struct checker_sink sink = { out_write, NULL, print_width(stdout) };
    seen_sql(row, sql, sizeof sql);
    if (json)
        return story_json(row, sql, db_path, error);
    what_print(row);
    who_print(row);
    if (!db_path)
        return STATUS_OK;
    print_out("\nwhat runs did with it, by %s\n", db_path);
    return checker_query(db_path, sql, NULL, CHECKER_TEXT, &sink, error);
}
