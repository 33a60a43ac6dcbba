/* One hostcall at a time, put to the decision core: a table with one handle of each kind, and results as they are told.
 */
#ifndef WARRANT_DECIDE_CASE_H
#define WARRANT_DECIDE_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "wasi/decide/decide.h"

enum { CASE_MEMORY = 65536, CASE_LIMIT = 16 };
/* Handles of the table. STREAM: a pipe. SOCKET: a new one of TCP; LISTENER, PEER: such that listens, is connected;
 * MESSAGES: a new one of UDP. The policy has 10.0.0.0/8 at ports 1 to 99 to connect to, and any address and port to
 * bind, of both protocols over IPv4. FREE is the lowest free handle. */
enum {
    CASE_STREAM = 0,
    CASE_DIR = 3,
    CASE_DIR_READ,
    CASE_FILE,
    CASE_APPEND,
    CASE_SOCKET,
    CASE_LISTENER,
    CASE_PEER,
    CASE_MESSAGES,
    CASE_FREE
};
enum { CASE_POSITION = 100 }; /* of CASE_FILE */

struct decide_case {
    struct decide_context context;
    struct handle_table table;
    struct request request;
    struct plan plan, before; /* before: the last step */
    struct call_ops ops;      /* what was issued, and its results */
    struct op op;
    uint8_t memory[CASE_MEMORY];
};

/* The case, as new; one for the whole program. */
struct decide_case *case_new(void);
/* Starts a call with these slots; the rest are 0. */
#define case_call(c, call, ...) case_call_slots(c, call, (const uint64_t[OPERATION_SLOTS_MAX]) { __VA_ARGS__ })
void case_call_slots(struct decide_case *c, enum operation call, const uint64_t *slots);
/* Gives the request its next string. */
void case_string(struct decide_case *c, const char *text, size_t length);
void case_path(struct decide_case *c, const char *path);
/* Gives the request an IPv4 address. */
void case_address(struct decide_case *c, uint8_t a, uint8_t b, uint8_t d, uint8_t e, uint16_t port);
void case_iov(struct decide_case *c, uint32_t offset, uint32_t length);
/* One step; where it stands. */
struct step case_step(struct decide_case *c);
/* Undoes the last step, so that it can be taken again on another result of the last op, which is given back. */
struct op_result *case_rewind(struct decide_case *c);
/* One step; the verdict must be the one expected. The op, if any, is c->op. */
const struct op *case_issues(struct decide_case *c, enum op_kind kind);
void case_commits(struct decide_case *c);
void case_refuses(struct decide_case *c, enum rule rule, enum wasi_errno wasi_errno);
void case_traps(struct decide_case *c, enum rule rule);
/* The op was performed with this result. */
struct op_result *case_result(struct decide_case *c, int64_t value);
/* After COMMIT: what the guest is told. */
struct outcome case_outcome(struct decide_case *c);

#endif
