/* What each descriptor of the guest may do, as the guest was told: the model that the table of handles is held against.
 */
#ifndef WARRANT_FUZZ_RIGHTS_MODEL_H
#define WARRANT_FUZZ_RIGHTS_MODEL_H

#include <stdbool.h>
#include <stdint.h>

struct handle_table;
struct wasi;

enum { RIGHTS_DESCRIPTORS = 12 };
struct rights_model {
    bool open[RIGHTS_DESCRIPTORS];
    uint64_t own[RIGHTS_DESCRIPTORS], hands_on[RIGHTS_DESCRIPTORS];
};

/* As the run begins. */
void rights_model_begin(struct rights_model *model, const struct handle_table *table);
/* Behind a call: no op was issued, and no success told, without each right that witx asks for, of each descriptor; and
 * no descriptor has become more than what it comes from. Returns what is wrong, or NULL. */
const char *rights_model_after(struct rights_model *model, const struct wasi *wasi);
/* What may be done with what lies beneath a directory. */
uint64_t rights_model_reach(const struct rights_model *model, uint64_t fd);

#endif
