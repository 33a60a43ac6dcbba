/* The judge's state, and what its files ask of each other. Private to checker/judge/. */
#ifndef WARRANT_JUDGE_INNER_H
#define WARRANT_JUDGE_INNER_H

#include "checker/judge/judge.h"
#include "wasi/abi/syscalls.h"

enum judge_kind {
    KIND_NONE,
    KIND_OPEN,
    KIND_COMPONENT,
    KIND_CLOSE,
    KIND_ASK,
    KIND_READ,
    KIND_WRITE,
    KIND_FLAGS,
    KIND_DUP,
    KIND_READ_LINK,
    KIND_NAME,
    KIND_CHANGE,
    KIND_LINK,
    KIND_TWO,
    KIND_MAP,
    KIND_SOCKET,
    KIND_BIND,
    KIND_CONNECT,
    KIND_LISTEN,
    KIND_ACCEPT,
    KIND_SEND,
    KIND_ASK_SOCKET,
    KIND_OPTION
};

/* ORIGIN_SOCKET: a socket that the launcher opened or that descends from a judged call; ORIGIN_RESOLVER: that which the
 * launcher gave to ask for names. */
enum { NUMBERS = 1024, DESCRIPTORS_MAX = 1 << 16 };
enum { ORIGIN_STDIO = UINT16_MAX, ORIGIN_SOCKET = UINT16_MAX - 1, ORIGIN_RESOLVER = UINT16_MAX - 2 };

struct judge_descriptor {
    bool live, writes, settled; /* settled: dev and ino are the kernel's own numbers */
    uint16_t origin;            /* index of the grant, or ORIGIN_* */
    uint8_t family, protocol;   /* of a socket (ORIGIN_SOCKET): enum net_family, enum net_protocol */
    bool bound;                 /* by a call that was judged, or by the launcher */
    bool accepted;              /* its peer came by itself */
    uint64_t dev, ino;
};

struct judge {
    uint8_t kind[NUMBERS];        /* enum judge_kind by number */
    enum syscall_machine machine; /* that was recorded: numbers are its */
    uint16_t roles;               /* whose calls pass where the judge has no description of them */
    bool walks;                   /* paths are resolved component by component */
    struct net_rule *rules;       /* owned; of the policy that is asked */
    uint32_t rule_count;
    struct {
        bool set, here; /* of the call before; of the call in hand, which names the same */
        uint64_t directory;
        char name[256];
    } refused; /* a component that the kernel did not open: a link, or no directory */
    bool starved;
    bool gap, agreed; /* agreed: an initial object's numbers were the kernel's own */
    uint32_t count;
    struct judge_descriptor *descriptor; /* owned, by host number */
};

/* Sets the ruling; returns false. */
bool judge_rule_on(struct judge_ruling *ret, enum judge_rule rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Room for a descriptor. */
bool judge_grow(struct judge *judge, uint32_t fd);
/* The descriptor in operand `arg`, or NULL with a ruling. *unsure: behind a gap, nothing is held against it. */
struct judge_descriptor *judge_descends(struct judge *judge, const struct judge_fact *fact, unsigned arg,
                                        bool directory, bool *unsure, struct judge_ruling *ret);

/* A call on sockets (judge_network.c). */
bool judge_network(struct judge *judge, enum judge_kind kind, const struct judge_fact *fact, struct judge_ruling *ret);

#endif
