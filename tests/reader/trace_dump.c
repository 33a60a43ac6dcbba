/* Prints a trace as JSON lines through the C reader, in the second reader's words, so that the two can be compared.
 * Usage: trace_dump FILE.wtrace | trace_dump --record NEW.wtrace CALLS (records made-up calls, large ones too, through
 * guest process and recorder) */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/trace_kit.h"
#include "tracer/signature.h"
#include "wasi/abi/op_sets.h"

static void print_hex(const char *key, const uint8_t *bytes, size_t size)
{
    printf("%s\"", key);
    for (size_t i = 0; i < size; i++)
        printf("%02x", bytes[i]);
    printf("\"");
}

static void print_address(const char *before, const struct net_address *address)
{
    printf("%s[%u, %u, %u", before, address->family, address->port, address->scope);
    print_hex(", ", address->bytes, sizeof address->bytes);
    printf("]");
}

static void print_begin(const struct trace_call *call)
{
    const struct request *request = &call->request;
    printf("{\"event\": %" PRIu64 ", \"chunk\": %" PRIu64
           ", \"type\": \"begin\", \"call\": \"%s\", \"import\": %u, \"ticks\": %" PRIu64
           ", \"fault\": %u, \"slots\": [",
           call->begin_event, call->chunk, abi_operations[request->call].name, request->import, call->ticks,
           request->fault);
    for (unsigned i = 0; i < abi_operations[request->call].slot_count; i++)
        printf("%s%" PRIu64, i ? ", " : "", request->slot[i]);
    printf("], \"strings\": [");
    for (uint32_t i = 0; i < request->string_count; i++)
        print_hex(i ? ", " : "", request->bytes + request->string[i].offset, request->string[i].length);
    printf("], \"iovs\": [");
    for (uint32_t i = 0; i < request->iov_count; i++)
        printf("%s[%u, %u]", i ? ", " : "", request->iov[i].offset, request->iov[i].length);
    printf("], \"subscriptions\": [");
    for (uint32_t i = 0; i < request->subscription_count; i++) {
        const struct subscription *s = &request->subscription[i];
        printf("%s[%" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %u, %u, %u]", i ? ", " : "", s->userdata, s->timeout,
               s->precision, s->clock_or_fd, s->flags, s->type);
    }
    printf("]");
    if (request->address.family != NET_NONE)
        print_address(", \"address\": ", &request->address);
    printf("}\n");
}

static void print_op(const struct trace_call *call, uint32_t index)
{
    const struct op *op = &call->ops.op[index];
    const struct trace_op_data *data = &call->data[index];
    printf("{\"event\": %" PRIu64
           ", \"type\": \"op\", \"op\": \"%s\", \"rule\": %u, \"handle\": %u, \"handle2\": %u, \"flags\": %u, "
           "\"offset\": %" PRIu64 ", \"value\": %" PRIu64
           ", \"mem\": [%u, %u], \"path\": [%u, %u], \"path2\": [%u, %u]",
           call->op_event[index], abi_ops[op->kind].text, op->rule, op->handle, op->handle2, op->flags, op->offset,
           op->value, op->mem.offset, op->mem.length, op->path.offset, op->path.length, op->path2.offset,
           op->path2.length);
    if (abi_op_bit(op->kind) & ops_out) {
        printf(", \"out_digest\": \"%016" PRIx64 "\", \"out_length\": %u", data->out_digest, data->out_length);
        print_hex(", \"out_head\": ", data->out_head, data->out_head_length);
    }
    printf("}\n");
}

static bool add_bytes(void *self, const uint8_t *bytes, size_t size)
{
    return XXH3_64bits_update(self, bytes, size) == XXH_OK;
}

static void print_entered(struct trace_reader *reader, const struct trace_call *call, uint32_t index)
{
    XXH3_state_t state;
    const struct op_result *result = &call->ops.result[index];
    enum op_bytes in = abi_ops[call->ops.op[index].kind].in;
    const struct filestat *stat = &result->stat;
    if (in == OP_BYTES_STAT && result->value >= 0)
        printf("[%" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64
               "]",
               stat->dev, stat->ino, stat->filetype, stat->nlink, stat->size, stat->atim, stat->mtim, stat->ctim);
    else if (call->data[index].in_length && XXH3_64bits_reset(&state) == XXH_OK &&
             trace_reader_data(reader, call, index, add_bytes, &state, NULL) == STATUS_OK)
        printf("\"%016" PRIx64 "\"", (uint64_t)XXH3_64bits_digest(&state));
    else
        printf("null");
}

/* Those that came with results; nothing where none did. */
static void print_addresses(const struct trace_call *call)
{
    bool any = false;
    for (uint32_t i = 0; i < call->ops.count; i++)
        any |= abi_brings_address((enum op_bytes)abi_ops[call->ops.op[i].kind].in) && call->ops.result[i].value >= 0;
    for (uint32_t i = 0; any && i < call->ops.count; i++) {
        printf("%s", i ? ", " : ", \"addresses\": [");
        if (abi_brings_address((enum op_bytes)abi_ops[call->ops.op[i].kind].in) && call->ops.result[i].value >= 0)
            print_address("", &call->ops.result[i].address);
        else
            printf("null");
    }
    printf("%s", any ? "]" : "");
}

static void print_end(struct trace_reader *reader, const struct trace_call *call)
{
    printf("{\"event\": %" PRIu64 ", \"type\": \"end\", \"ticks\": %" PRIu64
           ", \"errno\": %u, \"rule\": %u, \"trap\": %u, \"values\": [",
           call->end_event, call->ticks + call->duration, call->outcome.wasi_errno, call->outcome.rule,
           call->outcome.trap);
    for (unsigned i = 0; i < call->outcome.value_count; i++)
        printf("%s%" PRIu64, i ? ", " : "", call->outcome.value[i]);
    printf("], \"committed\": \"%016" PRIx64 "\", \"results\": [", call->committed);
    for (uint32_t i = 0; i < call->ops.count; i++)
        printf("%s%" PRId64, i ? ", " : "", call->ops.result[i].value);
    printf("], \"calls\": [");
    for (uint32_t i = 0; i < call->ops.count; i++)
        printf("%s%u", i ? ", " : "", call->ops.result[i].calls);
    printf("], \"entered\": [");
    for (uint32_t i = 0; i < call->ops.count; i++) {
        printf("%s", i ? ", " : "");
        print_entered(reader, call, i);
    }
    printf("]");
    print_addresses(call);
    printf("}\n");
}

static void print_between(enum trace_item_kind kind, const struct trace_reader *reader)
{
    const struct trace_state *state = trace_reader_state(reader);
    const struct trace_growth *growth = trace_reader_growth(reader);
    if (kind == TRACE_ITEM_STATE)
        printf("{\"event\": %" PRIu64 ", \"type\": \"state\", \"at_end\": %s, \"digest\": \"%016" PRIx64
               "\", \"instructions\": %" PRIu64 "}\n",
               trace_reader_event(reader), state->at_end ? "true" : "false", state->digest, state->instructions);
    else
        printf("{\"event\": %" PRIu64
               ", \"type\": \"growth\", \"table\": %s, \"index\": %u, \"amount\": %u, \"number\": %" PRIu64 "}\n",
               trace_reader_event(reader), growth->table ? "true" : "false", growth->index, growth->amount,
               growth->number);
}

static void print_item(enum trace_item_kind kind, struct trace_reader *reader, const struct trace_call *call,
                       const struct trace_exit *last)
{
    if (kind == TRACE_ITEM_STATE || kind == TRACE_ITEM_GROWTH) {
        print_between(kind, reader);
        return;
    }
    if (kind == TRACE_ITEM_EXIT) {
        printf(
            "{\"type\": \"exit\", \"outcome\": %u, \"exit_code\": %u, \"trap\": %u, \"function\": %u, \"offset\": %u, "
            "\"instructions\": %" PRIu64 ", \"frames\": %u, \"stack\": [",
            last->outcome, last->exit_code, last->trap, last->function, last->offset, last->instructions,
            last->stack.depth);
        for (uint32_t i = 0; i < call_stack_kept(last->stack.depth); i++)
            printf("%s[%u, %u]", i ? ", " : "", last->stack.place[i].function, last->stack.place[i].offset);
        printf("]}\n");
        return;
    }
    print_begin(call);
    for (uint32_t i = 0; i < call->ops.count; i++)
        print_op(call, i);
    if (call->complete)
        print_end(reader, call);
}

static void print_signature(const struct trace_reader *reader)
{
    struct trace_signature signature;
    enum status status = trace_reader_signature(reader, &signature, NULL);
    if (status == STATUS_NOT_FOUND)
        return;
    printf("{\"event\": %llu, \"type\": \"signature\", \"key\": \"", (unsigned long long)signature.statement.events);
    for (size_t i = 0; i < TRACE_KEY; i++)
        printf("%02x", signature.statement.key[i]);
    printf("\", \"valid\": %s}\n", status == STATUS_OK ? "true" : "false");
}

static int dump(const char *path)
{
    static struct trace_call call;
    struct trace_exit last;
    struct trace_end end;
    struct trace_reader *reader;
    struct error error = ERROR_INIT;
    enum trace_item_kind kind;
    bool inside;
    enum status status = trace_reader_open(path, &reader, &error);
    if (status == STATUS_OK) {
        while ((status = trace_reader_next(reader, &kind, &call, &last, &error)) == STATUS_OK)
            print_item(kind, reader, &call, &last);
        if (status == STATUS_NOT_FOUND)
            status = trace_reader_stop(reader, &end, &inside, &error);
        print_signature(reader);
        trace_reader_close(reader);
    }
    printf(status == STATUS_OK ? "{\"whole\": true}\n" : "{\"stop\": \"%s\"}\n", status_text(status));
    return 0;
}

static int record(const char *path, uint64_t calls)
{
    struct kit_run run;
    kit_trace_write(&run, calls, true);
    if (rename(run.trace, path) != 0)
        return 1;
    kit_run_done(&run);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--record") == 0)
        return record(argv[2], strtoull(argv[3], NULL, 10));
    return argc == 2 ? dump(argv[1]) : 2;
}
