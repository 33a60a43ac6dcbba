/* A trap's stack in words and as JSON.
 *
 * Invariants: names, files and reasons are a hostile module's, and go out escaped; a frame always shows its function's
 * index and its byte in the module, which the engine and not the module says. */
#include "checker/crash.h"

#include <inttypes.h>
#include <string.h>
#include "runtime/base/text.h"

/* A cut text ends in dots. size: of its field. */
static void put_name(struct buffer *out, const char *text, size_t size)
{
    const size_t length = strnlen(text, size);
    text_plain(out, text, length);
    if (length >= size - 1)
        buffer_string(out, "...");
}

static void put_frame(const struct call_stack *stack, const struct crash_symbols *symbols, uint32_t index,
                      struct buffer *out)
{
    const struct call_place *place = &stack->place[index];
    const struct crash_frame *frame = symbols ? &symbols->frame[index] : NULL;
    buffer_printf(out, "    #%-2" PRIu32 " 0x%08" PRIx32 " in ", call_stack_number(stack, index), place->offset);
    if (frame && frame->name[0]) {
        put_name(out, frame->name, sizeof frame->name);
        buffer_printf(out, " (function %" PRIu32 ")", place->function);
    } else {
        buffer_printf(out, "function %" PRIu32, place->function);
    }
    if (frame && frame->file[0]) {
        buffer_string(out, " at ");
        put_name(out, frame->file, sizeof frame->file);
        if (frame->line > 0)
            buffer_printf(out, ":%" PRIu32, frame->line);
    }
    buffer_u8(out, '\n');
}

void crash_words(const struct call_stack *stack, const struct crash_symbols *symbols, struct buffer *out)
{
    for (uint32_t i = 0; i < call_stack_kept(stack->depth); i++) {
        if (i == LIMIT_STACK_INNER && stack->depth > CALL_STACK_KEPT)
            buffer_printf(out, "    ... %" PRIu32 " frames are left out\n", stack->depth - CALL_STACK_KEPT);
        put_frame(stack, symbols, i, out);
    }
    if (stack->depth == 0 || !symbols || !symbols->why[0])
        return;
    buffer_string(out, "    (");
    text_guard(out, symbols->why, strnlen(symbols->why, sizeof symbols->why));
    buffer_string(out, ")\n");
}

/* An empty text is none. */
static void json_name(struct json *json, const char *key, const char *text, size_t size)
{
    const size_t length = strnlen(text, size);
    if (length > 0)
        json_bytes(json, key, text, length);
    else
        json_null(json, key);
}

void crash_json(const struct call_stack *stack, const struct crash_symbols *symbols, struct json *json)
{
    static const struct crash_frame none;
    json_u64(json, "frames", stack->depth);
    json_array_begin(json, "stack");
    for (uint32_t i = 0; i < call_stack_kept(stack->depth); i++) {
        const struct crash_frame *frame = symbols ? &symbols->frame[i] : &none;
        json_object_begin(json, NULL);
        json_u64(json, "frame", call_stack_number(stack, i));
        json_u64(json, "function", stack->place[i].function);
        json_u64(json, "offset", stack->place[i].offset);
        json_name(json, "name", frame->name, sizeof frame->name);
        json_name(json, "file", frame->file, sizeof frame->file);
        json_u64(json, "line", frame->line);
        json_object_end(json);
    }
    json_array_end(json);
    if (stack->depth > 0 && symbols && symbols->why[0])
        json_name(json, "stack_without", symbols->why, sizeof symbols->why);
}
