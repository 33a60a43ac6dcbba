/* Tells what was asked for of the guest's state: at hostcalls, as they begin, and where the replay ends. */
#include "replay/session.h"

#include <string.h>

/* One slot, or two of a v128. The type; 0: there is no such global. */
static uint32_t global_get(const struct session *session, uint32_t global, uint64_t slots[2])
{
    const uint32_t type = rt_instance_global_type(session->instance, global);
    const uint32_t count = type ? rt_type_slots(1, &type) : 0;
    slots[0] = slots[1] = 0;
    return count > 0 && rt_instance_global_get(session->instance, global, slots, count, NULL) == STATUS_OK ? type : 0;
}

static void global_tell(const struct session *session, const struct tell_expression *e, struct tell_value *ret)
{
    ret->type = global_get(session, e->global, ret->slots);
    if (!ret->type)
        ret->outcome = TELL_NO_GLOBAL;
    if (ret->type == RT_FUNCREF || ret->type == RT_EXTERNREF) /* the number is this process's */
        ret->slots[0] = ret->slots[0] != 0;
}

/* The bytes, or NULL. */
static const uint8_t *memory_tell(const struct session *session, const struct tell_expression *e,
                                  struct tell_value *ret)
{
    const struct rt_memory memory = rt_instance_memory_at(session->instance, e->memory);
    const uint8_t *bytes = NULL;
    ret->address = e->address;
    if (e->indirect) {
        const uint32_t type = global_get(session, e->global, ret->slots);
        ret->address = ret->slots[0];
        if (type != RT_I32 && type != RT_I64)
            ret->outcome = type ? TELL_NO_ADDRESS : TELL_NO_GLOBAL;
        ret->slots[0] = ret->slots[1] = 0;
    }
    if (ret->outcome != TELL_OK)
        return NULL;
    if (!memory.base)
        ret->outcome = TELL_NO_MEMORY;
    else if (!(bytes = rt_memory_range(memory, ret->address, e->size)))
        ret->outcome = TELL_OUTSIDE;
    ret->size = bytes ? e->size : 0;
    return bytes;
}

enum status session_tell(struct session *session, uint64_t event, uint32_t call, struct error *error)
{
    const struct replay_options *options = session->options;
    const struct tell_wishes *wishes = options->wishes;
    for (uint32_t i = 0; i < wishes->count; i++) {
        const struct tell_expression *e = &wishes->expressions[i];
        struct tell_value value = { .event = event, .call = call, .expression = i };
        const uint8_t *bytes = NULL;
        if (e->memory == TELL_GLOBAL)
            global_tell(session, e, &value);
        else
            bytes = memory_tell(session, e, &value);
        if (!options->valued(options->valued_self, &value, bytes))
            return error_set(error, STATUS_STOPPED, "nobody takes what is told");
    }
    return STATUS_OK;
}

enum status session_tell_call(struct session *session, uint64_t event, uint32_t call, struct error *error)
{
    const struct tell_wishes *wishes = session->options->wishes;
    bool wanted = wishes && wishes->every;
    while (wishes && session->told < wishes->event_count && wishes->events[session->told] <= event) {
        session->told++;
        wanted = true;
    }
    return wanted ? session_tell(session, event, call, error) : STATUS_OK;
}
