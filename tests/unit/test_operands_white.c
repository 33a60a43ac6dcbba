/* White-box test: what the witness looks at of each system call that an op makes is what its row in ops.def has there,
 * so that the matcher finds the part that it compares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "wasi/abi/abi.h"

enum { RETURNS_NONE, RETURNS_FD };

static const struct call {
    const char *name, *letters;
    bool returns_fd;
} calls[] = {
#define CALL(name, operands, returns) { #name, operands, RETURNS_##returns == RETURNS_FD },
#include "ebpf/operands.def"
#undef CALL
};

static const struct call *find(const char *name)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(calls[i].name, name) == 0)
            return &calls[i];
    return NULL;
}

static char letter_of(enum op_operand role)
{
    switch (role) {
    case OPERAND_FD:
    case OPERAND_FD2:
        return 'F';
    case OPERAND_PATH:
    case OPERAND_PATH2:
    case OPERAND_EMPTY:
        return 'P';
    case OPERAND_HOW:
        return 'H';
    case OPERAND_IOVS:
        return 'I';
    case OPERAND_POLLS:
        return 'L';
    case OPERAND_TIMES:
        return 'T';
    case OPERAND_TIME:
        return 't';
    case OPERAND_ADDRESS:
        return 'A';
    case OPERAND_NONE:
    case OPERAND_COUNT:
    case OPERAND_OFFSET:
    case OPERAND_VALUE:
    case OPERAND_BITS:
    case OPERAND_ZERO:
    case OPERAND_CONSTANT:
    case OPERAND_HOWSIZE:
    case OPERAND_FDFLAGS:
    case OPERAND_MEM:
    case OPERAND_MEMLEN:
    case OPERAND_STAGE:
    case OPERAND_STAGELEN:
    case OPERAND_POLLCOUNT:
    case OPERAND_RESULT:
    case OPERAND_ADDRLEN:
    case OPERAND_OPTION:
    case OPERAND_OPTIONLEN:
        return '.';
    }
    return '?';
}

/* What the witness looks at beyond an operand of the role: a socket behind a descriptor, what a call writes, a value.
 */
static bool means(char letter, enum op_operand role)
{
    char plain = letter_of(role);
    return letter == plain || (letter == 'S' && plain == 'F') || (letter == 's' && plain == '.') ||
           (letter == 'R' && (role == OPERAND_RESULT || role == OPERAND_ZERO)) ||
           (letter == 'A' && (role == OPERAND_OPTION || role == OPERAND_ZERO)) ||
           (letter == 'C' && role == OPERAND_MEM);
}

static void test_ops(void **state)
{
    (void)state;
    for (size_t op = 0; op < OP_COUNT; op++) {
        const struct op_row *row = &abi_ops[op];
        const struct call *call = find(row->syscall);
        if (!call)
            fail_msg("op %s: ebpf/operands.def has no row of %s", row->text, row->syscall);
        for (size_t slot = 0; slot < OP_OPERANDS_MAX && row->operand[slot] != OPERAND_NONE; slot++)
            if (!means(call->letters[slot], (enum op_operand)row->operand[slot]))
                fail_msg("op %s: operand %zu of %s is '%c' to the witness", row->text, slot, row->syscall,
                         call->letters[slot]);
        assert_int_equal(call->returns_fd, row->table == OP_TABLE_OPENS);
    }
}

static void test_letters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        assert_int_equal(strspn(calls[i].letters, "FPHITtLAMmCSsR."), strlen(calls[i].letters));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_ops), cmocka_unit_test(test_letters) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
