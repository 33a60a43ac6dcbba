/* One hostcall as strace would print it, and as JSON.
 *
 * Invariant: a line holds printable ASCII only, whatever the guest's strings and data are; nothing is read beyond what
 * the request says it has. In JSON numbers stay numbers, and what they mean stands beside them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "checker/checker.h"
#include "checker/show_inner.h"
#include "checker/show_time.h"
#include "runtime/base/text.h"

static const char *call_name(const struct trace_call *call)
{
    return call->request.call < OPERATION_COUNT ? abi_operations[call->request.call].name : "?";
}

/* What the guest called: the module where it is another than Preview 1, the import's name, and the operation's where
 * that is another. */
static void put_called(const struct trace_call *call, struct buffer *out)
{
    if (call->request.import >= IMPORT_COUNT) {
        buffer_string(out, call_name(call));
        return;
    }
    const struct import_row *row = &abi_imports[call->request.import];
    if (strcmp(row->module, abi_imports[0].module) != 0)
        buffer_printf(out, "%s.", row->module);
    buffer_string(out, row->name);
    if (strcmp(row->name, call_name(call)) != 0)
        buffer_printf(out, " as %s", call_name(call));
}

static const char *rule_text(const struct trace_call *call)
{
    if (call->complete && call->outcome.rule > 0 && call->outcome.rule < RULE_COUNT)
        return abi_rules[call->outcome.rule].text;
    uint32_t count = call->ops.count < LIMIT_OPS ? call->ops.count : LIMIT_OPS;
    if (count > 0 && call->ops.op[0].rule < RULE_COUNT)
        return abi_rules[call->ops.op[0].rule].text;
    return NULL;
}

static void put_results(const struct trace_call *call, const struct operation_row *row,
                        const struct show_options *options, struct buffer *out)
{
    unsigned values = 0;
    bool any = false;
    for (unsigned f = 0; f < row->field_count; f++) {
        struct buffer text = BUFFER_INIT;
        if (abi_arg_types[row->field[f].type].class == ARG_CLASS_RESULT &&
            show_result(call, &row->field[f], &values, options, &text)) {
            buffer_printf(out, "%s%s ", any ? ", " : " (", row->field[f].name);
            buffer_bytes(out, text.data, text.size);
            any = true;
        }
        buffer_done(&text);
    }
    buffer_string(out, any ? ")" : "");
}

static void put_outcome(const struct trace_call *call, const struct operation_row *row,
                        const struct show_options *options, struct buffer *out)
{
    if (!call->complete)
        buffer_string(out, " = ? (in flight)");
    else if (call->outcome.trap)
        buffer_printf(out, " = trap: %s", check_trap_text(call->outcome.trap));
    else if (!row->returns)
        buffer_string(out, " (does not return)");
    else if (call->outcome.wasi_errno)
        buffer_printf(out, " = %" PRIu16 " %s", call->outcome.wasi_errno, abi_errno_name(call->outcome.wasi_errno));
    else {
        buffer_string(out, " = 0");
        put_results(call, row, options, out);
    }
}

static void put_op(const struct trace_call *call, uint32_t index, const struct show_options *options,
                   struct buffer *out)
{
    const struct op *op = &call->ops.op[index];
    if (op->kind >= OP_COUNT) {
        buffer_string(out, "?");
        return;
    }
    buffer_string(out, abi_ops[op->kind].calls == OP_CALLS_WALK ? abi_ops[op->kind].text : abi_ops[op->kind].syscall);
    if (abi_op_has(&abi_ops[op->kind], OPERAND_FD))
        buffer_printf(out, " #%" PRIu32, op->handle);
    if (abi_op_has(&abi_ops[op->kind], OPERAND_PATH) && show_region_fits(op->path)) {
        buffer_u8(out, ' ');
        text_quote_name(out, call->request.bytes + op->path.offset, op->path.length, show_cut(options, SHOWN_STRING));
    }
    if (abi_ops[op->kind].object == OP_OBJECT_NAMES && show_region_fits(op->path2)) {
        buffer_printf(out, " to #%" PRIu32 " ", op->handle2);
        text_quote_name(out, call->request.bytes + op->path2.offset, op->path2.length, show_cut(options, SHOWN_STRING));
    }
    if (abi_op_has(&abi_ops[op->kind], OPERAND_OFFSET))
        buffer_printf(out, " @%" PRIu64, op->offset);
    if (abi_ops[op->kind].table == OP_TABLE_OPENS)
        buffer_printf(out, " as #%" PRIu32, op->handle2);
    if (abi_ops[op->kind].table == OP_TABLE_MOVES)
        buffer_printf(out, " for #%" PRIu32, op->handle2);
    if (!call->complete)
        return;
    int64_t value = call->ops.result[index].value;
    if (value < 0)
        buffer_printf(out, " = %s", value > -WASI_ERRNO_COUNT ? abi_errno_name((uint32_t)-value) : "?");
    else
        buffer_printf(out, " = %" PRId64, value);
    if (abi_ops[op->kind].calls == OP_CALLS_WALK && call->ops.result[index].calls != 1)
        buffer_printf(out, " (%" PRIu32 " system calls)", call->ops.result[index].calls);
}

void show_call(const struct trace_call *call, const struct show_options *options, struct buffer *out)
{
    static const struct operation_row unknown = { .name = "?" };
    const struct operation_row *row =
        call->request.call < OPERATION_COUNT ? &abi_operations[call->request.call] : &unknown;
    uint32_t strings = 0;
    bool first = true;
    bool ends = call->complete && check_trap_is_exit(call->outcome.trap),
         trapped = call->complete && call->outcome.trap;
    struct show_parts parts = { .begin = out->size, .failed = !show_succeeded(call) && !ends };
    parts.refused = show_refused(call) || (trapped && !ends);
    if (options->names)
        show_time_put(call, options, out);
    parts.name = out->size;
    put_called(call, out);
    parts.name_end = out->size;
    buffer_u8(out, '(');
    for (unsigned a = 0; a < row->field_count; a++) {
        const struct operation_field *arg = &row->field[a];
        if (abi_arg_types[arg->type].class != ARG_CLASS_RESULT) {
            buffer_string(out, first ? "" : ", ");
            show_argument(call, arg, &strings, options, out);
            first = false;
        }
    }
    buffer_u8(out, ')');
    parts.outcome = out->size;
    put_outcome(call, row, options, out);
    parts.outcome_end = out->size;
    uint32_t count = call->ops.count < LIMIT_OPS ? call->ops.count : LIMIT_OPS;
    for (uint32_t i = 0; i < count; i++) {
        buffer_string(out, i == 0 ? "  [" : "; ");
        put_op(call, i, options, out);
    }
    buffer_string(out, count > 0 ? "]" : "");
    const char *rule = rule_text(call);
    if (rule)
        buffer_printf(out, "  %s", rule);
    show_duration_put(call, options, out);
    parts.end = out->size;
    buffer_u8(out, '\n');
    if (options->parts)
        *options->parts = parts;
}

/* ---- JSON ---- */

static void json_argument(const struct trace_call *call, const struct operation_field *arg, uint32_t *strings,
                          const struct show_options *options, struct json *json)
{
    const struct request *request = &call->request;
    enum arg_class class = (enum arg_class)abi_arg_types[arg->type].class;
    if (class == ARG_CLASS_STRING) {
        uint32_t i = (*strings)++;
        if (i < request->string_count && i < REQUEST_STRINGS && show_region_fits(request->string[i]))
            json_bytes(json, arg->name, request->bytes + request->string[i].offset, request->string[i].length);
        else
            json_null(json, arg->name);
    } else if (class == ARG_CLASS_SCALAR || class == ARG_CLASS_RESULT || class == ARG_CLASS_VECTOR ||
               class == ARG_CLASS_SUBS || class == ARG_CLASS_EVENTS) {
        if (arg->type == ARG_FILEDELTA)
            json_i64(json, arg->name, (int64_t)request->slot[arg->slot]);
        else
            json_u64(json, arg->name, request->slot[arg->slot]);
    } else {
        struct buffer text = BUFFER_INIT;
        show_argument(call, arg, strings, options, &text);
        json_buffer(json, arg->name, &text);
        buffer_done(&text);
    }
}

static void json_op(const struct trace_call *call, uint32_t index, const struct show_options *options,
                    struct json *json)
{
    const struct op *op = &call->ops.op[index];
    struct buffer text = BUFFER_INIT;
    bool known = op->kind < OP_COUNT;
    put_op(call, index, options, &text);
    json_object_begin(json, NULL);
    json_u64(json, "event", call->op_event[index]);
    json_string(json, "op", known ? abi_ops[op->kind].text : NULL);
    json_string(json, "syscall", known ? abi_ops[op->kind].syscall : NULL);
    json_string(json, "rule", op->rule < RULE_COUNT ? abi_rules[op->rule].name : NULL);
    if (call->complete)
        json_i64(json, "result", call->ops.result[index].value);
    else
        json_null(json, "result");
    if (call->complete && known && abi_ops[op->kind].calls == OP_CALLS_WALK)
        json_u64(json, "calls", call->ops.result[index].calls);
    json_buffer(json, "text", &text);
    json_object_end(json);
    buffer_done(&text);
}

void show_call_json(const struct trace_call *call, const struct show_options *options, struct buffer *out)
{
    static const struct operation_row unknown = { .name = "?" };
    const struct operation_row *row =
        call->request.call < OPERATION_COUNT ? &abi_operations[call->request.call] : &unknown;
    struct json json = json_over(out);
    uint32_t strings = 0;
    json_object_begin(&json, NULL);
    json_u64(&json, "event", call->begin_event);
    json_u64(&json, "chunk", call->chunk);
    json_u64(&json, "ticks", call->ticks);
    json_string(&json, "call", call_name(call));
    const struct import_row *import = call->request.import < IMPORT_COUNT ? &abi_imports[call->request.import] : NULL;
    json_string(&json, "module", import ? import->module : NULL);
    json_string(&json, "import", import ? import->name : NULL);
    json_object_begin(&json, "args");
    for (unsigned a = 0; a < row->field_count; a++)
        json_argument(call, &row->field[a], &strings, options, &json);
    json_object_end(&json);
    show_meaning_json(call, options, &json);
    show_time_json(call, options, &json);
    json_bool(&json, "complete", call->complete);
    if (call->complete) {
        if (call->timed)
            json_u64(&json, "duration", call->duration);
        else
            json_string(&json, "duration", NULL);
        json_string(&json, "errno", abi_errno_name(call->outcome.wasi_errno));
        json_string(&json, "trap", call->outcome.trap ? check_trap_name(call->outcome.trap) : NULL);
        json_array_begin(&json, "results");
        for (unsigned i = 0; i < call->outcome.value_count && i < 2; i++)
            json_u64(&json, NULL, call->outcome.value[i]);
        json_array_end(&json);
    }
    json_array_begin(&json, "ops");
    for (uint32_t i = 0; i < call->ops.count && i < LIMIT_OPS; i++)
        json_op(call, i, options, &json);
    json_array_end(&json);
    json_string(&json, "rule", rule_text(call));
    json_object_end(&json);
    buffer_u8(out, '\n');
}

void show_exit(const struct trace_exit *exit, const struct show_options *options, struct buffer *out)
{
    buffer_printf(out, "+++ %s", abi_ended_name(exit->outcome));
    if (exit->outcome == WASI_ENDED_EXIT || exit->outcome == WASI_ENDED_RAISED)
        buffer_printf(out, " with %" PRIu32, exit->exit_code);
    if (exit->outcome == WASI_ENDED_TRAP)
        buffer_printf(out, " (%s) at function %" PRIu32 " offset 0x%" PRIx32, check_trap_text(exit->trap),
                      exit->function, exit->offset);
    buffer_printf(out, " after %" PRIu64 " instructions +++\n", exit->instructions);
    if (options->crash)
        crash_words(&exit->stack, options->crash, out);
}

void show_exit_json(const struct trace_exit *exit, const struct show_options *options, struct buffer *out)
{
    struct json json = json_over(out);
    json_object_begin(&json, NULL);
    json_string(&json, "exit", abi_ended_name(exit->outcome));
    json_u64(&json, "code", exit->exit_code);
    json_string(&json, "trap", exit->trap ? check_trap_name(exit->trap) : NULL);
    json_u64(&json, "function", exit->function);
    json_u64(&json, "offset", exit->offset);
    json_u64(&json, "instructions", exit->instructions);
    if (exit->outcome == WASI_ENDED_TRAP)
        crash_json(&exit->stack, options->crash, &json);
    json_object_end(&json);
    buffer_u8(out, '\n');
}
