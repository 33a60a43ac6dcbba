/* What the guest's sockets may be and reach: the model that they are held against, on the kernel's own word. */
#ifndef WARRANT_FUZZ_SOCKET_MODEL_H
#define WARRANT_FUZZ_SOCKET_MODEL_H

/* The rules of the guest, for TCP and UDP alike. */
#define SOCKET_MODEL_CONNECT "127.0.0.2/32:9"
#define SOCKET_MODEL_BIND    "127.0.0.2/32:0-65535"

/* Once for the process: a network of its own, where it may have one, with this machine's addresses alone; somebody who
 * listens where the rules let the guest go, and at what lies beside: another port, another address, IPv6. */
void socket_model_make(void);
/* Whether the socket is what the rules allow. Returns what is wrong, or NULL. */
const char *socket_model_check(int socket);
/* Behind a sequence, when the guest's sockets are closed: whether anybody was reached whom no rule names. Forgets who
 * was. */
const char *socket_model_reached(void);

#endif
