/* White-box test of the live backend beside a resolver: an answer counts for its own question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "act_world.h"
#include "runtime/base/os.h"
#include "wasi/act/act_resolver.h"

enum { NAME = 3 };
static const struct net_address found = { .family = NET_V4, .bytes = { 192, 0, 2, 7 } };

static uint32_t asked(struct act_world *world, int resolver)
{
    uint32_t question = 0;
    struct op op = act_world_op(OP_ASK_NAME, HANDLE_RESOLVER);
    op.value = NAME;
    assert_int_equal(act_world_act(world, &op).value, sizeof question);
    assert_int_equal(recv(resolver, &question, sizeof question, MSG_DONTWAIT), sizeof question);
    assert_int_equal(resolver_name(question), NAME);
    return question;
}

/* Sends the answer, takes it, and tells whether its address came. */
static bool taken(struct act_world *world, int resolver, const struct net_address *answer, size_t count)
{
    const size_t size = count * sizeof *answer;
    struct op op = act_world_op(OP_TAKE_NAMES, HANDLE_RESOLVER);
    op.value = LIMIT_ADDRESSES * sizeof *answer;
    assert_int_equal(send(resolver, answer, size, MSG_DONTWAIT), size);
    memset(world->space.staging, 0x5a, 2 * sizeof *answer);
    assert_int_equal(act_world_act(world, &op).value, size);
    for (size_t i = 0; i < count; i++) {
        struct net_address at;
        memcpy(&at, world->space.staging + i * sizeof at, sizeof at);
        if (at.family != NET_NONE)
            return memcmp(&at, &found, sizeof at) == 0;
    }
    return false;
}

static void an_answer_counts_for_its_question(void **state)
{
    (void)state;
    struct act_world world;
    int pair[2];
    act_world_init(&world);
    assert_true(os_message_pair(pair));
    world.live->host_fd[HANDLE_RESOLVER] = pair[0];
    uint32_t first = asked(&world, pair[1]);
    assert_true(taken(&world, pair[1], (struct net_address[]) { resolver_answer_head(first), found }, 2));
    uint32_t second = asked(&world, pair[1]);
    assert_int_not_equal(first, second);
    /* Late, for the same name; without a head; of a family. */
    assert_false(taken(&world, pair[1], (struct net_address[]) { resolver_answer_head(first), found }, 2));
    assert_false(taken(&world, pair[1], &found, 1));
    struct net_address head = resolver_answer_head(second);
    head.family = NET_V6;
    assert_false(taken(&world, pair[1], (struct net_address[]) { head, found }, 2));
    assert_true(taken(&world, pair[1], (struct net_address[]) { resolver_answer_head(second), found }, 2));
    assert_false(taken(&world, pair[1], (struct net_address[]) { resolver_answer_head(second) }, 1));
    world.live->host_fd[HANDLE_RESOLVER] = -1;
    close(pair[0]);
    close(pair[1]);
    act_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(an_answer_counts_for_its_question) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
