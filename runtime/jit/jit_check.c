/* Between the compiler and what runs: the verifier. */
#include "runtime/jit/jit_image.h"
#include "runtime/jit/jit_object.h"

#include <stdlib.h>
#include "runtime/verify/verify.h"

enum status jit_check_describe(const struct jit_module *m, const struct jit_image *image, struct verify_object *ret,
                               struct error *error)
{
    uint32_t functions = m->module->function_count;
    struct verify_object o = { .image = image->bytes,
                               .size = image->size,
                               .text_bytes = image->text_bytes,
                               .data = image->data,
                               .site_count = m->sites.count,
                               .tail_calls = m->convention != 0,
                               .module = m->module };
    o.starts = calloc(2ul * functions + 1, sizeof *o.starts);
    if (!o.starts)
        return error_set(error, STATUS_NO_MEMORY, "out of memory while verifying");
    for (uint32_t i = 0; i < 2 * functions; i++) {
        uint32_t at = jit_image_entry(image, i);
        if (at != UINT32_MAX)
            o.starts[o.start_count++] =
                (struct verify_start) { .at = at, .function = i % functions, .way_in = i < functions };
    }
    *ret = o;
    return STATUS_OK;
}

/* A function goes with its way in. */
static void leave(const struct jit_module *m, const struct verify_object *o)
{
    for (uint32_t i = 0; i < o->start_count; i++)
        if (o->starts[i].refused) {
            m->compiled[o->starts[i].function] = false;
            m->left[o->starts[i].function] = o->starts[i].refused;
        }
}

enum status jit_check(const struct jit_module *m, const struct jit_image *image, bool *ret_again, struct error *error)
{
    uint32_t refused = 0;
    struct verify_object object;
    TRY(jit_check_describe(m, image, &object, error));
    enum status status = verify_object(&object, &refused, error);
    if (status == STATUS_OK && refused > 0)
        leave(m, &object);
    if (m->checked && status == STATUS_OK)
        m->checked(m->checked_env, &object);
    *ret_again = refused > 0;
    free(object.starts);
    return status;
}
