/* Writes rows into the audit database: each column is bound as its row in columns.def says, in that order.
 *
 * Invariants: a row's id is computed, never looked up, so no index beside the primary keys is written; text of guests
 * is escaped before it is bound (text_plain; messages, whose names are escaped already, text_guard), and nothing of a
 * guest ever becomes SQL. docs/queries.md. */
#include <arpa/inet.h>
#include <string.h>
#include "checker/ending.h"
#include "checker/store_inner.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/text.h"

/* ---- how a value is bound ---- */

/* Values of one row, bound from left to right. */
struct row {
    struct store *store;
    sqlite3_stmt *statement;
    int at;
};

static void row_number(struct row *row, uint64_t value)
{
    sqlite3_bind_int64(row->statement, ++row->at, (int64_t)value);
}
static void row_null(struct row *row) { sqlite3_bind_null(row->statement, ++row->at); }

static void row_some(struct row *row, uint64_t value, bool known)
{
    if (known)
        row_number(row, value);
    else
        row_null(row);
}

/* Binds the store's text; SQLite keeps a copy. */
static void row_bind(struct row *row)
{
    const struct buffer *text = &row->store->text;
    if (text->status != STATUS_OK)
        row->store->status = error_set(&row->store->error, STATUS_NO_MEMORY, "no memory for a row");
    sqlite3_bind_text(row->statement, ++row->at, text->data ? (const char *)text->data : "", (int)text->size,
                      SQLITE_TRANSIENT);
}

static void row_text(struct row *row, const void *bytes, size_t size)
{
    buffer_clear(&row->store->text);
    text_plain(&row->store->text, bytes, size);
    row_bind(row);
}

/* A text of ours, whose names are in the plain form already. */
static void row_message(struct row *row, const char *text)
{
    buffer_clear(&row->store->text);
    text_guard(&row->store->text, text, strlen(text));
    if (text[0])
        row_bind(row);
    else
        row_null(row);
}

static void row_string(struct row *row, const char *string)
{
    if (string && string[0])
        row_text(row, string, strlen(string));
    else
        row_null(row);
}

static void row_region(struct row *row, const struct request *request, struct region region)
{
    if (region.length > 0 && (uint64_t)region.offset + region.length <= REQUEST_BYTES)
        row_text(row, request->bytes + region.offset, region.length);
    else
        row_null(row);
}

static uint64_t op_bytes(const struct op *op, int64_t value)
{
    const struct op_row *row = &abi_ops[op->kind];
    bool moves = row->in != OP_BYTES_NONE || row->out != OP_BYTES_NONE; /* a stat's value is 0 */
    return moves && value > 0 ? (uint64_t)value : 0;
}

static void row_arguments(struct row *row, const struct run_spec *spec)
{
    struct buffer text = BUFFER_INIT;
    struct json json = json_over(&text);
    json_array_begin(&json, NULL);
    for (uint32_t i = 0; i < spec->arg_count; i++)
        json_string(&json, NULL, spec->args[i]);
    json_array_end(&json);
    sqlite3_bind_text(row->statement, ++row->at, (const char *)text.data, (int)text.size, SQLITE_TRANSIENT);
    buffer_done(&text);
}

static void row_cause(struct row *row, const struct trace_end *end)
{
    struct buffer *text = &row->store->text;
    buffer_clear(text);
    if (end->reason == 0) {
        row_null(row);
        return;
    }
    ending_cause(end, text);
    row_bind(row);
}

static void row_real(struct row *row, double value) { sqlite3_bind_double(row->statement, ++row->at, value); }

/* The id of what has this number in the run: a hostcall, an event, a record. */
static void row_id(struct row *row, uint64_t number)
{
    row_number(row, ((uint64_t)row->store->run << STORE_RUN_SHIFT) + number);
}
static void row_some_id(struct row *row, uint64_t number, bool known)
{
    if (known)
        row_id(row, number);
    else
        row_null(row);
}
static void row_run(struct row *row) { row_number(row, (uint64_t)row->store->run); }

static void row_hash(struct row *row, const uint8_t *hash, size_t size)
{
    buffer_clear(&row->store->text);
    for (size_t i = 0; i < size; i++)
        buffer_printf(&row->store->text, "%02x", hash[i]);
    row_bind(row);
}

static bool is_call(const struct witness_record *record) { return record->kind <= WITNESS_EXIT_ONLY; }
static void row_argument(struct row *row, const struct witness_record *record, unsigned i)
{
    row_some(row, record->arg[i], is_call(record) && record->arg[i] != 0);
}

/* Of a socket of the families that have such addresses; NULL else. */
static void row_address(struct row *row, uint32_t family, const uint8_t *bytes)
{
    char text[INET6_ADDRSTRLEN];
    bool known = family == WITNESS_FAMILY_V4 || family == WITNESS_FAMILY_V6;
    row_string(row,
               known ? inet_ntop(family == WITNESS_FAMILY_V4 ? AF_INET : AF_INET6, bytes, text, sizeof text) : NULL);
}

/* The address that a call named or wrote, as the bytes of a struct sockaddr; NULL where it is none of the two. */
struct sockaddr_seen {
    uint32_t family, port;
    const uint8_t *bytes;
};
static struct sockaddr_seen sockaddr_seen(const struct witness_record *record)
{
    enum { V4_BYTES = 8, V6_BYTES = 24 };
    const uint8_t *a = record->address;
    struct sockaddr_seen seen = { a[0] + 256U * a[1], a[2] * 256U + a[3], NULL };
    if (record->socket.family != seen.family) /* an option's value */
        return seen;
    if (seen.family == WITNESS_FAMILY_V4 && record->address_length >= V4_BYTES)
        seen.bytes = a + 4;
    if (seen.family == WITNESS_FAMILY_V6 && record->address_length >= V6_BYTES)
        seen.bytes = a + 8;
    return seen;
}
static void row_sockaddr(struct row *row, const struct witness_record *record)
{
    struct sockaddr_seen seen = sockaddr_seen(record);
    row_address(row, seen.bytes ? seen.family : 0, seen.bytes);
}
static void row_sockaddr_port(struct row *row, const struct witness_record *record)
{
    struct sockaddr_seen seen = sockaddr_seen(record);
    row_some(row, seen.port, seen.bytes != NULL);
}

static const char *replay_text(const struct check_replay *replay)
{
    return !replay->done ? "" : replay->identical ? "identical" : replay->text;
}

/* ---- rows ---- */

_Static_assert(OPERATION_SLOTS_MAX == 10 && WITNESS_PATHS == 2 &&
                   sizeof((struct witness_record) { 0 }.arg) == 6 * sizeof(uint64_t),
               "columns.def has a column for each");

/* What a row is made of: of each table what its columns name. */
struct store_source {
    const struct check_report *report; /* RUNS */
    const struct run_spec *spec;
    double ns_per_tick;
    const struct store_call *call; /* HOSTCALL */
    enum check_verdict verdict;
    const struct request *request; /* STRING, OP */
    struct region path, path2;
    uint64_t number, hostcall;           /* of the event; of the call: OP, FILE */
    const struct op *op;                 /* OP */
    uint32_t index;                      /* OP, LABEL */
    const struct op_result *result;      /* NULL: not known */
    const struct witness_record *record; /* SYSCALL, SOCKET */
    enum match_class class;
    const struct match_place *place;
    const char *name; /* FILE; LABEL: KEY=VALUE, which run_spec_decode demands */
    const struct store_file *use;
    const struct check_finding *finding; /* FINDING */
};

/* `table` is a constant where this is called, so that nothing is left of the other tables. */
static inline __attribute__((always_inline)) void write_row(struct store *store, enum columns_table table,
                                                            const struct store_source *f)
{
    struct row binding = { store, store->statement[table], 0 }, *row = &binding;
    sqlite3_reset(row->statement);
#define TABLE(id, text, ending)
#define KEY(in, column, type)
#define COLUMN(in, column, type, value)                                                                                \
    if (table == COLUMNS_##in)                                                                                         \
        value;
#define ID(in, column, type, value) COLUMN(in, column, type, value)
#define RUN(in, column)             COLUMN(in, column, "INTEGER", row_run(row))
#define COUNT(in, column)                                                                                              \
    if (table == COLUMNS_##in)                                                                                         \
        row_number(row, f->use->column);
#include "checker/columns.def"
#undef TABLE
#undef KEY
#undef COLUMN
#undef ID
#undef RUN
#undef COUNT
    if (table == COLUMNS_RUNS)
        row_run(row); /* the one that is changed */
    if (store->status == STATUS_OK && sqlite3_step(row->statement) != SQLITE_DONE)
        store->status = database_failed(store->db, "the audit database", &store->error);
}

void store_call(struct store *store, const struct store_call *call, enum check_verdict verdict)
{
    write_row(store, COLUMNS_HOSTCALL, &(struct store_source) { .call = call, .verdict = verdict });
}

void store_parts(struct store *store, const struct trace_call *call, uint64_t number)
{
    const struct request *request = &call->request;
    const struct op *head = &call->ops.op[0];
    bool in_op = request->string_count == 1 && call->ops.count > 0 && head->kind < OP_COUNT &&
                 abi_op_has(&abi_ops[head->kind], OPERAND_PATH) && head->path.offset == request->string[0].offset &&
                 head->path.length == request->string[0].length;
    struct store_source f = { .request = request, .hostcall = number };
    for (uint32_t i = 0; !in_op && i < request->string_count && i < REQUEST_STRINGS; i++) {
        f.number = call->begin_event + i; /* a call has two events at least */
        f.path = request->string[i];
        write_row(store, COLUMNS_STRING, &f);
    }
    for (uint32_t i = 0; i < call->ops.count && i < LIMIT_OPS; i++) {
        const struct op *op = &call->ops.op[i];
        if (op->kind >= OP_COUNT)
            continue;
        f.op = op;
        f.index = i;
        f.number = call->op_event[i];
        f.result = call->complete ? &call->ops.result[i] : NULL;
        f.path = abi_op_has(&abi_ops[op->kind], OPERAND_PATH) ? op->path : (struct region) { 0, 0 };
        f.path2 = abi_op_has(&abi_ops[op->kind], OPERAND_PATH2) ? op->path2 : (struct region) { 0, 0 };
        write_row(store, COLUMNS_OP, &f);
    }
}

void store_syscall(struct store *store, const struct witness_record *record, enum match_class class,
                   const struct match_place *place)
{
    const struct store_source f = { .record = record, .class = class, .place = place };
    write_row(store, COLUMNS_SYSCALL, &f);
    if (record->parts & WITNESS_PART_SOCKET)
        write_row(store, COLUMNS_SOCKET, &f);
}

void store_finding(struct store *store, const struct check_finding *finding)
{
    write_row(store, COLUMNS_FINDING, &(struct store_source) { .finding = finding });
}

void store_file(struct store *store, const char *name, const struct store_file *use, uint64_t hostcall)
{
    write_row(store, COLUMNS_FILE, &(struct store_source) { .name = name, .use = use, .hostcall = hostcall });
}

void store_run(struct store *store, const struct check_report *report, const struct run_spec *spec, double ns_per_tick)
{
    write_row(store, COLUMNS_RUNS,
              &(struct store_source) { .report = report, .spec = spec, .ns_per_tick = ns_per_tick });
    for (uint32_t i = 0; i < spec->facts.label_count; i++)
        write_row(store, COLUMNS_LABEL, &(struct store_source) { .name = spec->facts.labels[i], .index = i });
}
