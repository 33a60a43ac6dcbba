/* Status codes: what every fallible function of the host side returns. A guest's errno and a trap are other types. */
#ifndef WARRANT_BASE_STATUS_H
#define WARRANT_BASE_STATUS_H

/* code, text for people */
#define STATUS_LIST(X)                                                                                                 \
    X(OK, "success")                                                                                                   \
    X(NO_MEMORY, "out of memory")                                                                                      \
    X(LIMIT, "a limit was exceeded")                                                                                   \
    X(MALFORMED, "malformed input")                                                                                    \
    X(INVALID, "invalid input")                                                                                        \
    X(UNSUPPORTED, "not supported")                                                                                    \
    X(UNLINKABLE, "an import cannot be satisfied")                                                                     \
    X(NOT_FOUND, "not found")                                                                                          \
    X(IO, "input or output failed")                                                                                    \
    X(NO_SPACE, "no space left")                                                                                       \
    X(TRUNCATED, "the input ends too early")                                                                           \
    X(CORRUPT, "a checksum does not match")                                                                            \
    X(TRAPPED, "the guest trapped")                                                                                    \
    X(EXITED, "the guest exited")                                                                                      \
    X(DIVERGED, "the replay left the trace")                                                                           \
    X(DENIED, "the operating system refused")                                                                          \
    X(STOPPED, "stopped from outside")                                                                                 \
    X(INTERNAL, "an internal check failed")

#define STATUS_ENUM(code, text) STATUS_##code,
enum status { STATUS_LIST(STATUS_ENUM) STATUS_COUNT };
#undef STATUS_ENUM

#define MUST_USE __attribute__((warn_unused_result))

/* Returns the text of `status`, never NULL. Static storage. */
const char *status_text(enum status status);

#endif
