/* What a replay tells, in words. The replayer's word: its form was checked, it is printed and nothing more. */
#include "cli/tell_command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/rt.h"
#include "wasi/abi/abi.h"
#include "wasi/policy/policy.h"

enum { TEXT_MOST = 1 << 26 };

int tell_command_wish(const struct command *command, struct tell_command *tell, const char *value)
{
    struct error error = ERROR_INIT;
    if (tell->wishes.count == TELL_EXPRESSIONS)
        return command_usage(command, "--tell can be given %d times", TELL_EXPRESSIONS);
    if (tell_parse(value, &tell->wishes.expressions[tell->wishes.count], &error) != STATUS_OK)
        return command_refused(command, &error);
    tell->texts[tell->wishes.count++] = value;
    return -1;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int tell_command_at(const struct command *command, struct tell_command *tell, const char *value)
{
    struct tell_wishes *wishes = &tell->wishes;
    if (!strcmp(value, "all")) {
        wishes->every = 1;
        return -1;
    }
    if (wishes->event_count == TELL_EVENTS)
        return command_usage(command, "--at can be given %d times", TELL_EVENTS);
    int status = command_number(command, "at", policy_parse_count, value, 1, &wishes->events[wishes->event_count]);
    if (status >= 0)
        return status;
    wishes->event_count++;
    qsort(wishes->events, wishes->event_count, sizeof *wishes->events, by_number);
    return -1;
}

static const char *call_name(const struct tell_value *value)
{
    return value->call < OPERATION_COUNT ? abi_operations[value->call].name : "the end";
}

static float f32_of(uint64_t slot)
{
    uint32_t bits = (uint32_t)slot;
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static double f64_of(uint64_t slot)
{
    double v;
    memcpy(&v, &slot, sizeof v);
    return v;
}

static void put_global(const struct tell_value *v, struct buffer *out)
{
    switch ((enum rt_type)v->type) {
    case RT_I32:
        buffer_printf(out, "i32 %" PRId32 " (0x%" PRIx32 ")", (int32_t)v->slots[0], (uint32_t)v->slots[0]);
        break;
    case RT_I64:
        buffer_printf(out, "i64 %" PRId64 " (0x%" PRIx64 ")", (int64_t)v->slots[0], v->slots[0]);
        break;
    case RT_F32:
        buffer_printf(out, "f32 %.9g (0x%08" PRIx32 ")", (double)f32_of(v->slots[0]), (uint32_t)v->slots[0]);
        break;
    case RT_F64:
        buffer_printf(out, "f64 %.17g (0x%016" PRIx64 ")", f64_of(v->slots[0]), v->slots[0]);
        break;
    case RT_V128:
        buffer_printf(out, "v128 0x%016" PRIx64 "%016" PRIx64, v->slots[1], v->slots[0]);
        break;
    case RT_FUNCREF:
    case RT_EXTERNREF:
        buffer_string(out, v->slots[0] ? "a reference" : "null");
        break;
    }
}

static void put_text(struct tell_command *tell, const struct tell_value *v, const uint8_t *bytes)
{
    struct buffer *out = &tell->text;
    if (v->event)
        buffer_printf(out, "%" PRIu64 " ", v->event);
    buffer_printf(out, "%s: %s = ", call_name(v), tell->texts[v->expression]);
    if (v->outcome != TELL_OK)
        buffer_string(out, tell_outcome_text((enum tell_outcome)v->outcome));
    else if (tell->wishes.expressions[v->expression].memory == TELL_GLOBAL)
        put_global(v, out);
    else
        text_quote(out, bytes, v->size, 0);
    buffer_u8(out, '\n');
}

static void put_json(struct tell_command *tell, const struct tell_value *v, const uint8_t *bytes)
{
    struct json *json = &tell->json;
    const bool global = tell->wishes.expressions[v->expression].memory == TELL_GLOBAL;
    struct buffer text = BUFFER_INIT;
    json_line(json);
    json_object_begin(json, NULL);
    json_string(json, "tell", tell->texts[v->expression]);
    json_u64(json, "event", v->event);
    json_string(json, "hostcall", v->call < OPERATION_COUNT ? call_name(v) : NULL);
    if (v->outcome != TELL_OK) {
        json_string(json, "without", tell_outcome_text((enum tell_outcome)v->outcome));
    } else if (global) {
        put_global(v, &text);
        json_buffer(json, "value", &text);
    } else {
        json_u64(json, "address", v->address);
        json_hex(json, "bytes", bytes, v->size);
    }
    json_object_end(json);
    buffer_done(&text);
}

static bool on_value(void *self, const struct tell_value *value, const uint8_t *bytes)
{
    struct tell_command *tell = self;
    if (value->expression >= tell->wishes.count || tell->text.size > TEXT_MOST)
        return false;
    const struct tell_expression *e = &tell->wishes.expressions[value->expression];
    if ((value->outcome == TELL_OK && e->memory != TELL_GLOBAL && value->size != e->size))
        return false;
    if (tell->as_json)
        put_json(tell, value, bytes);
    else
        put_text(tell, value, bytes);
    return tell->text.status == STATUS_OK;
}

int tell_command_begin(const struct command *command, struct tell_command *tell, bool as_json,
                       struct replay_options *options)
{
    if (tell->wishes.count == 0)
        return tell->wishes.event_count > 0 || tell->wishes.every
                   ? command_usage(command, "--at says where --tell tells; say what, too")
                   : -1;
    tell->as_json = as_json;
    tell->json = json_over(&tell->text);
    if (as_json)
        json_array_begin(&tell->json, NULL);
    options->wishes = &tell->wishes;
    options->valued = on_value;
    options->valued_self = tell;
    return -1;
}
