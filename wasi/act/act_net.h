/* What sockets need of the system behind it: where Linux and macOS differ. Private to wasi/act. */
#ifndef WARRANT_ACT_NET_H
#define WARRANT_ACT_NET_H

#include <sys/socket.h>
#include "wasi/act/act_live.h"

/* Each makes one descriptor that is closed at exec, as the op says, or returns -1 and sets errno. */
int act_net_socket(const struct op *op);
int act_net_accept(int fd, const struct op *op, struct sockaddr *name, socklen_t *length);
/* The op's MSG_* in the system's numbers. */
int act_net_flags(const struct op *op);
/* Level and number of an option in the system's numbers; false: it has none such. */
bool act_net_option(const struct op *op, int *ret_level, int *ret_option);
int act_net_family(enum net_family family); /* AF_* */

#endif
