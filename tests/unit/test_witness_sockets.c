/* What the witness sees of sockets: addresses, and of a message its address and its vector. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "witness_live.h"

enum { LONG_VECTOR = 100 };

/* To itself, through the loopback. */
static int talk(void *self, int ready)
{
    (void)self;
    (void)ready;
    static char bytes[LONG_VECTOR];
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (syscall(SYS_bind, fd, &address, length) != 0 || getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return 1;
    struct iovec some[3] = { { bytes, 4 }, { bytes + 4, 5 }, { bytes + 9, 6 } }, many[LONG_VECTOR];
    for (unsigned i = 0; i < LONG_VECTOR; i++)
        many[i] = (struct iovec) { bytes + i, 1 };
    struct sockaddr_in from;
    struct msghdr message = { .msg_name = &address, .msg_namelen = length, .msg_iov = some, .msg_iovlen = 3 };
    struct msghdr large = { .msg_name = &address, .msg_namelen = length, .msg_iov = many, .msg_iovlen = LONG_VECTOR };
    struct msghdr filled = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = some, .msg_iovlen = 2 };
    if (syscall(SYS_sendmsg, fd, &message, 0) != 15 || syscall(SYS_recvmsg, fd, &filled, 0) != 9 ||
        syscall(SYS_sendmsg, fd, &large, 0) != LONG_VECTOR)
        return 1;
    if (syscall(SYS_sendto, fd, bytes, 7, 0, &address, length) != 7 || syscall(SYS_connect, fd, &address, length) != 0)
        return 1;
    large = (struct msghdr) { .msg_iov = some, .msg_iovlen = 1 }; /* no address */
    if (syscall(SYS_sendmsg, fd, &large, 0) != 4 || syscall(SYS_sendmsg, fd, (void *)8, 0) >= 0)
        return 1;
    return 0;
}

static const struct witness_record *find(const struct live_run *run, int64_t number, unsigned nth)
{
    for (size_t i = 0; i < run->count; i++)
        if (run->records[i].kind == WITNESS_SYSCALL && run->records[i].syscall == number && nth-- == 0)
            return &run->records[i];
    fail_msg("call %ld, the %u. of them, was not seen", (long)number, nth);
    return NULL;
}

static void check_address(const struct witness_record *r)
{
    struct sockaddr_in address;
    assert_true(r->parts & WITNESS_PART_ADDRESS);
    assert_int_equal(r->address_length, sizeof address);
    memcpy(&address, r->address, sizeof address);
    assert_int_equal(address.sin_family, AF_INET);
    assert_int_equal(address.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    assert_int_not_equal(address.sin_port, 0);
}

static void test_messages(void **state)
{
    (void)state;
    struct live_run run;
    live_run(&run, &(struct live_options) { .ring_bytes = WITNESS_RING_BYTES }, talk, NULL);
    assert_true(WIFEXITED(run.wait_status));
    assert_int_equal(WEXITSTATUS(run.wait_status), 0);
    assert_int_equal(run.lost, 0);
    const struct witness_record *r = find(&run, SYS_sendmsg, 0);
    check_address(r);
    assert_int_equal(r->flags, 0);
    assert_int_equal(r->iov_count, 3);
    assert_int_equal(r->iov[0].length, 4);
    assert_int_equal(r->iov[2].length, 6);
    assert_int_equal(r->iov[2].base - r->iov[0].base, 9);
    r = find(&run, SYS_recvmsg, 0);
    assert_int_equal(r->iov_count, 2);
    assert_int_equal(r->iov[1].length, 5);
    assert_false(r->parts & WITNESS_PART_ADDRESS); /* the kernel's answer, and no operand */
    r = find(&run, SYS_sendmsg, 1);
    check_address(r);
    assert_int_equal(r->iov_count, LONG_VECTOR);
    assert_int_equal(r->iov[LONG_VECTOR - 1].base - r->iov[0].base, LONG_VECTOR - 1);
    check_address(find(&run, SYS_sendto, 0));
    check_address(find(&run, SYS_connect, 0));
    r = find(&run, SYS_sendmsg, 2);
    assert_int_equal(r->iov_count, 1);
    assert_false(r->parts & WITNESS_PART_ADDRESS);
    r = find(&run, SYS_sendmsg, 3); /* a bad address */
    assert_true(r->flags & WITNESS_FLAG_UNREAD);
    assert_false(r->parts & (WITNESS_PART_IOV | WITNESS_PART_ADDRESS));
    assert_true(find(&run, SYS_bind, 0)->parts & WITNESS_PART_ADDRESS);
    live_done(&run);
}

int main(void)
{
    live_need_witness();
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_messages) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
