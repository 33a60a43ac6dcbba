/* An optional message beside a status. The first failure wins: whoever saw the cause says what, where and what to do.
 */
#ifndef WARRANT_BASE_ERROR_H
#define WARRANT_BASE_ERROR_H

#include <stdarg.h>
#include "runtime/base/status.h"

enum { ERROR_TEXT_MAX = 512 };

struct error {
    enum status status; /* STATUS_OK while nothing failed */
    char text[ERROR_TEXT_MAX];
};

#define ERROR_INIT { STATUS_OK, { 0 } }

/* Keeps `why` (an enum status) and the formatted text in `error` (borrows; may be NULL) unless an earlier failure is
 * there already. Each %s and %c is taken for foreign and comes out in the plain form of text.h: a message is one line
 * that is fit for any terminal. Text beyond ERROR_TEXT_MAX - 1 bytes is cut. Is `why`, so that callers can `return
 * error_set(...)`; macros, so that a reader of the caller (a static analyzer among them) sees that a failure is never
 * OK. */
#define error_set(error, why, ...)                                                                                     \
    __extension__({                                                                                                    \
        const enum status error_set_is_ = (why);                                                                       \
        error_keep(error, error_set_is_, __VA_ARGS__);                                                                 \
        error_set_is_;                                                                                                 \
    })
void error_keep(struct error *error, enum status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As error_set, with `: strerror(number)` behind the text. */
#define error_set_errno(error, why, number, ...)                                                                       \
    __extension__({                                                                                                    \
        const enum status error_set_is_ = (why);                                                                       \
        error_keep_errno(error, error_set_is_, number, __VA_ARGS__);                                                   \
        error_set_is_;                                                                                                 \
    })
void error_keep_errno(struct error *error, enum status status, int number, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* error_set with the text of another failure, which is in the plain form already. */
enum status error_copy(struct error *error, enum status status, const struct error *from);

/* Puts more text behind what is kept. Does nothing where nothing failed. */
void error_append(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts `prefix: ` before the kept text, for instance a file's name. Does nothing where nothing failed. */
void error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
