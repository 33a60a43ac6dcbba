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

/* A connection to itself over IPv6, and a socket that is not made where the number of its family is a descriptor. */
static int connect_v6(void *self, int ready)
{
    (void)self;
    (void)ready;
    struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT }, peer;
    socklen_t length = sizeof address;
    int yes = 1, got = 0;
    socklen_t got_length = sizeof got;
    int fd = socket(AF_INET6, SOCK_STREAM, 0), one = socket(AF_INET6, SOCK_STREAM, 0);
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) != 0 || bind(fd, (void *)&address, length) != 0 ||
        listen(fd, 5) != 0 || getsockname(fd, (void *)&address, &length) != 0 ||
        connect(one, (void *)&address, length) != 0)
        return 1;
    int other = accept4(fd, (void *)&peer, &length, SOCK_CLOEXEC);
    if (other < 0 || getpeername(other, (void *)&peer, &length) != 0 ||
        getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &got, &got_length) != 0 || got != 1)
        return 1;
    if (syscall(SYS_sendto, one, "hello", 5, 0, NULL, 0) != 5 ||
        syscall(SYS_recvfrom, other, &got, 2, MSG_PEEK, NULL, NULL) != 2)
        return 1;
    if (syscall(SYS_shutdown, one, SHUT_RDWR) != 0 || socket(AF_UNIX, SOCK_DGRAM, 0) < 0)
        return 1;
    return dup2(one, AF_INET) == AF_INET && socket(AF_INET, 99, 0) < 0 ? 0 : 1;
}

static void check_socket(const struct witness_record *r, bool connected)
{
    const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;
    assert_true(r->parts & WITNESS_PART_SOCKET);
    assert_int_equal(r->socket.family, AF_INET6);
    assert_int_equal(r->socket.type, SOCK_STREAM);
    assert_int_equal(r->socket.protocol, IPPROTO_TCP);
    assert_memory_equal(r->socket.local, &loopback, 16);
    assert_int_not_equal(r->socket.local_port, 0);
    if (connected)
        assert_memory_equal(r->socket.peer, &loopback, 16);
    assert_int_equal(r->socket.peer_port != 0, connected);
}

static uint16_t address_port(const struct witness_record *r)
{
    struct sockaddr_in6 address;
    assert_true(r->parts & WITNESS_PART_ADDRESS);
    assert_int_equal(r->address_length, sizeof address);
    memcpy(&address, r->address, sizeof address);
    return ntohs(address.sin6_port);
}

/* The kernel's own facts of each socket, behind the call. */
static void test_socket_facts(void **state)
{
    (void)state;
    struct live_run run;
    live_run(&run, &(struct live_options) { .ring_bytes = WITNESS_RING_BYTES }, connect_v6, NULL);
    assert_true(WIFEXITED(run.wait_status));
    assert_int_equal(WEXITSTATUS(run.wait_status), 0);
    const struct witness_record *made = find(&run, SYS_socket, 0), *bound = find(&run, SYS_bind, 0),
                                *connected = find(&run, SYS_connect, 0), *accepted = find(&run, SYS_accept4, 0);
    assert_int_equal(made->socket.family, AF_INET6);
    assert_int_equal(made->socket.only_v6 | made->socket.local_port | made->socket.peer_port, 0);
    assert_int_equal(find(&run, SYS_setsockopt, 0)->socket.only_v6, 1);
    assert_int_equal(find(&run, SYS_setsockopt, 0)->address[0], 1);
    assert_int_equal(find(&run, SYS_setsockopt, 0)->address_length, 4);
    check_socket(bound, false);
    assert_int_equal(bound->socket.only_v6, 1);
    check_socket(connected, true);
    assert_int_equal(connected->socket.peer_port, bound->socket.local_port);
    assert_int_equal(address_port(connected), bound->socket.local_port);
    check_socket(accepted, true);
    assert_int_equal(accepted->socket.only_v6, 1); /* of the socket that listens */
    assert_int_equal(accepted->socket.peer_port, connected->socket.local_port);
    assert_int_equal(address_port(accepted), connected->socket.local_port);
    assert_int_equal(accepted->opened.mode & 0170000, 0140000);
    assert_int_equal(address_port(find(&run, SYS_getsockname, 0)), bound->socket.local_port);
    assert_int_equal(address_port(find(&run, SYS_getpeername, 0)), connected->socket.local_port);
    assert_int_equal(find(&run, SYS_getsockopt, 0)->address[0], 1);
    check_socket(find(&run, SYS_sendto, 0), true);
    assert_false(find(&run, SYS_sendto, 0)->parts & WITNESS_PART_ADDRESS);
    check_socket(find(&run, SYS_recvfrom, 0), true);
    assert_true(find(&run, SYS_shutdown, 0)->parts & WITNESS_PART_SOCKET);
    assert_int_equal(find(&run, SYS_socket, 2)->socket.family, AF_UNIX);
    assert_true(find(&run, SYS_socket, 3)->result < 0);
    assert_false(find(&run, SYS_socket, 3)->parts & WITNESS_PART_SOCKET);
    live_done(&run);
}

int main(void)
{
    live_need_witness();
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_messages), cmocka_unit_test(test_socket_facts) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
