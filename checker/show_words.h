/* Flags, rights, clocks and the like in words. Private to checker/ and its tests. */
#ifndef WARRANT_CHECKER_SHOW_WORDS_H
#define WARRANT_CHECKER_SHOW_WORDS_H

#include <stdbool.h>
#include "runtime/base/base.h"
#include "wasi/abi/abi.h"

enum show_form { SHOW_FORM_FLAGS, SHOW_FORM_NUMBERS };

#define WORDS(form, type, words)     SHOW_WORDS_##type,
#define WORDS_OWN(form, type, words) SHOW_WORDS_##type,
#define FIELD_WORDS(...)
enum show_words {
#include "checker/show_words.def"
    SHOW_WORDS_COUNT
};
#undef WORDS
#undef WORDS_OWN
#undef FIELD_WORDS

struct show_words_row {
    const char *type, *words; /* words: separated by blanks */
    uint8_t form;             /* enum show_form */
    bool witx;                /* `type` is one of the witx text */
};
extern const struct show_words_row show_words_rows[SHOW_WORDS_COUNT];

/* Appends the words of `value`: "CREAT|TRUNC", "0" where no flag is set, "MONOTONIC"; what has no word stays a number
 * ("CREAT|0x40", "7"). */
void show_words_put(enum show_words which, uint64_t value, struct buffer *out);
/* Rights: "FD_READ|FD_SEEK"; of many, those that are missing: "ALL&~(SOCK_ACCEPT)". */
void show_words_rights(uint64_t rights, struct buffer *out);
/* Appends a scalar argument of the operation in words. False, and nothing is appended: it is a number. */
bool show_words_field(enum operation operation, const struct operation_field *field, const uint64_t *slots,
                      struct buffer *out);

#endif
