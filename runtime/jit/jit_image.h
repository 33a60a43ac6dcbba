/* An object file of LLVM's, as it will lie in memory: text first, then data that is only read. Internal to
 * runtime/jit/. */
#ifndef WARRANT_RUNTIME_JIT_IMAGE_H
#define WARRANT_RUNTIME_JIT_IMAGE_H

#include "runtime/base/base.h"

struct jit_image {
    uint8_t *bytes; /* owned: a mapping, writable until it is sealed */
    uint32_t size, text_bytes;
    uint32_t data;    /* where the data begins: a multiple of the page size */
    uint32_t entries; /* where the table `entries` lies */
};

/* Reads an ELF object for x86-64 and places it; it refers to nothing but itself. entry_count: of the table `entries`.
 */
MUST_USE enum status jit_image_load(const uint8_t *object, size_t size, uint32_t entry_count, struct jit_image *ret,
                                    struct error *error);
/* Where an entry leads to, as an offset; UINT32_MAX: to nothing. */
uint32_t jit_image_entry(const struct jit_image *image, uint32_t entry);
/* Makes the text executable and the data readable; nothing is writable any more. */
MUST_USE enum status jit_image_seal(struct jit_image *image, struct error *error);
void jit_image_done(struct jit_image *image); /* NULL bytes are fine */

#endif
