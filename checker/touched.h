/* Which files a run touched, and how, followed through its descriptors. Private to checker/. */
#ifndef WARRANT_CHECKER_TOUCHED_H
#define WARRANT_CHECKER_TOUCHED_H

#include "checker/store.h"

struct touched;
/* store: borrowed for its life. spec: borrowed for the call. Returns owned. */
MUST_USE enum status touched_create(struct store *store, const struct run_spec *spec, struct touched **ret,
                                    struct error *error);
void touched_call(struct touched *touched, const struct trace_call *call, uint64_t number);
/* Adds an op to what was done with the one thing that it names; of two names, with each of them. An open is not counted
 * where a plan opened for itself: looking a path up is not opening a file. */
void touched_count(const struct op *op, int64_t value, struct store_file *use);
void touched_end(struct touched *touched);  /* writes what is still open */
void touched_free(struct touched *touched); /* NULL is fine */

#endif
