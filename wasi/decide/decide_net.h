/* What the rules of the network mean, as logic, and the one function that asks them. Part of decide.h; not for others.
 *
 * An address is allowed where a rule of the policy has it, for the protocol and for what is done (connect: sent to and
 * received from as well), and where it means what it says: no unspecified, multicast, broadcast or reserved address, no
 * IPv4 address in the clothes of IPv6, no scope. What carries an IPv4 address to a translator (NAT64, 6to4) has to be
 * allowed in both forms. An unspecified address to bind stands for all of them: only a rule of that very address, or of all
 * of them, has it. */
#ifndef WARRANT_DECIDE_NET_H
#define WARRANT_DECIDE_NET_H

/*@ // The bits of the rule's prefix are those of the address, whose bytes begin at `at`.
  @ predicate net_byte_has(struct net_rule *r, struct net_address *a, integer at, integer k) =
  @   (8 * k + 8 <= r->prefix ==> at + k < 16 && r->bytes[k] == a->bytes[at + k]) &&
  @   (8 * k < r->prefix < 8 * k + 8 ==> at + k < 16 &&
  @     (r->bytes[k] >> (8 * k + 8 - r->prefix)) == (a->bytes[at + k] >> (8 * k + 8 - r->prefix)));
  @ predicate net_prefix_has(struct net_rule *r, struct net_address *a, integer at) =
  @   \forall integer k; 0 <= k < 16 ==> net_byte_has(r, a, at, k);
  @ predicate net_zeros(struct net_address *a, integer first, integer last) = \forall integer k; first <= k < last ==> a->bytes[k] == 0;
  @ predicate net_unspecified(struct net_address *a, integer family, integer at) =
  @   family == NET_V4 ? net_zeros(a, at, at + 4) : net_zeros(a, 0, 16);
  @ predicate net_whole(integer prefix, integer family) = prefix == 0 || prefix == (family == NET_V4 ? 32 : 128);
  @ // The rule has the address of `family` whose bytes begin at `at`.
  @ predicate net_rule_has(struct net_rule *r, integer protocol, integer verb, integer family, struct net_address *a, integer at) =
  @   r->protocol == protocol && r->verb == verb && r->family == family && r->port_first <= a->port <= r->port_last &&
  @   net_prefix_has(r, a, at) && (net_unspecified(a, family, at) ==> net_whole(r->prefix, family));
  @ predicate net_some_rule(struct decide_context *c, integer protocol, integer verb, integer family, struct net_address *a, integer at) =
  @   \exists integer i; 0 <= i < c->network_count && i < LIMIT_NETWORK_RULES &&
  @     net_rule_has(&c->network[i], protocol, verb, family, a, at);
  @
  @ // What it says is what it means.
  @ predicate net_plain_4(struct net_address *a, integer at, integer verb) = a->bytes[at] < 224 &&
  @   (a->bytes[at] == 0 ==> verb == NET_BIND && net_zeros(a, at, at + 4));
  @ predicate net_nat64(struct net_address *a) = a->bytes[0] == 0 && a->bytes[1] == 0x64 && a->bytes[2] == 0xff && a->bytes[3] == 0x9b;
  @ predicate net_6to4(struct net_address *a) = a->bytes[0] == 0x20 && a->bytes[1] == 2;
  @ predicate net_teredo(struct net_address *a) = a->bytes[0] == 0x20 && a->bytes[1] == 1 && a->bytes[2] == 0 && a->bytes[3] == 0;
  @ predicate net_plain_6(struct net_address *a, integer verb) = a->bytes[0] != 0xff && !net_teredo(a) &&
  @   (net_zeros(a, 0, 8) ==> net_zeros(a, 8, 15) && (a->bytes[15] == 1 || (a->bytes[15] == 0 && verb == NET_BIND))) &&
  @   (net_nat64(a) ==> net_zeros(a, 4, 12));
  @ predicate net_plain(struct net_address *a, integer verb) = a->scope == 0 && (verb == NET_CONNECT ==> a->port != 0) &&
  @   (a->family == NET_V4 ? net_plain_4(a, 0, verb) : a->family == NET_V6 && net_plain_6(a, verb));
  @
  @ // An IPv4 address that lies in one of IPv6 which is translated is allowed as well.
  @ predicate net_embedded(struct decide_context *c, integer protocol, integer verb, struct net_address *a, integer at) =
  @   net_plain_4(a, at, verb) && net_some_rule(c, protocol, verb, NET_V4, a, at);
  @ predicate net_allowed(struct decide_context *c, integer protocol, integer verb, struct net_address *a) =
  @   net_plain(a, verb) && net_some_rule(c, protocol, verb, a->family, a, 0) &&
  @   (a->family == NET_V6 && net_nat64(a) ==> net_embedded(c, protocol, verb, a, 12)) &&
  @   (a->family == NET_V6 && net_6to4(a) ==> net_embedded(c, protocol, verb, a, 2));
  @
  @ // The system may choose the local address: a rule has port 0 of all addresses.
  @ predicate net_any_rule(struct net_rule *r, integer protocol, integer family) =
  @   r->protocol == protocol && r->verb == NET_BIND && r->family == family && r->port_first == 0 && net_whole(r->prefix, family) &&
  @   (\forall integer k; 0 <= k < 16 ==> r->bytes[k] == 0);
  @ predicate net_implicit(struct decide_context *c, integer protocol, integer family) =
  @   \exists integer i; 0 <= i < c->network_count && i < LIMIT_NETWORK_RULES && net_any_rule(&c->network[i], protocol, family);
  @ predicate net_protocol(struct decide_context *c, integer protocol, integer family) =
  @   \exists integer i; 0 <= i < c->network_count && i < LIMIT_NETWORK_RULES &&
  @     c->network[i].protocol == protocol && c->network[i].family == family;
  @
  @ // What may be asked of a socket, and said of it.
  @ predicate net_option_listed(integer level, integer option) =
  @   (level == NET_SOL_SOCKET && (option == NET_SO_REUSEADDR || option == NET_SO_TYPE || option == NET_SO_ERROR || option == NET_SO_SNDBUF ||
  @     option == NET_SO_RCVBUF || option == NET_SO_KEEPALIVE || option == NET_SO_LINGER || option == NET_SO_RCVTIMEO ||
  @     option == NET_SO_SNDTIMEO || option == NET_SO_ACCEPTCONN)) ||
  @   (level == NET_IPPROTO_TCP && (option == NET_TCP_NODELAY || option == NET_TCP_KEEPIDLE || option == NET_TCP_KEEPINTVL ||
  @     option == NET_TCP_QUICKACK)) ||
  @   (level == NET_IPPROTO_IPV6 && option == NET_IPV6_V6ONLY);
  @
  @ // Sockets of the table.
  @ logic integer net_protocol_of(struct handle_table *t, integer h) = t->handle[h].type == FILETYPE_SOCKET_DGRAM ? NET_UDP : NET_TCP;
  @ predicate net_is_socket(struct handle_table *t, integer h) = t->handle[h].net_state != NET_STATE_NONE &&
  @   (t->handle[h].net_family == NET_V4 || t->handle[h].net_family == NET_V6) &&
  @   (t->handle[h].type == FILETYPE_SOCKET_DGRAM || t->handle[h].type == FILETYPE_SOCKET_STREAM);
  @ // Nothing binds it by itself that may not.
  @ predicate net_bound(struct decide_context *c, struct handle_table *t, integer h) = t->handle[h].net_state != NET_STATE_OPEN ||
  @   net_implicit(c, net_protocol_of(t, h), t->handle[h].net_family);
*/

/*@ // Network: each address that is bound, connected or sent to is allowed for the socket's protocol, and of its family; what would
  @ // bind the socket by itself may; a socket is of a family and protocol that a rule has, and one of IPv6 is nothing else.
  @ predicate sound_network(struct decide_context *c, struct handle_table *t, struct request *q, struct plan p, struct op op) =
  @   (op.kind == OP_BIND ==> net_is_socket(t, op.handle) && q->address.family == t->handle[op.handle].net_family &&
  @     t->handle[op.handle].net_state == NET_STATE_OPEN && net_allowed(c, net_protocol_of(t, op.handle), NET_BIND, &q->address)) &&
  @   (op.kind == OP_CONNECT || op.kind == OP_SEND_TO ==> net_is_socket(t, op.handle) && q->address.family == t->handle[op.handle].net_family &&
  @     net_allowed(c, net_protocol_of(t, op.handle), NET_CONNECT, &q->address) &&
  @     (net_protocol_of(t, op.handle) == NET_UDP ==> net_bound(c, t, op.handle))) &&
  @   (op.kind == OP_SEND_TO ==> net_protocol_of(t, op.handle) == NET_UDP) &&
  @   (op.kind == OP_LISTEN ==> net_is_socket(t, op.handle) && net_protocol_of(t, op.handle) == NET_TCP && net_bound(c, t, op.handle)) &&
  @   (op.kind == OP_SEND ==> net_is_socket(t, op.handle) && t->handle[op.handle].net_state == NET_STATE_CONNECTED) &&
  @   (op.kind == OP_RECEIVE ==> net_is_socket(t, op.handle) && net_protocol_of(t, op.handle) == NET_TCP &&
  @     t->handle[op.handle].net_state == NET_STATE_CONNECTED) &&
  @   (op.kind == OP_RECEIVE_FROM ==> net_is_socket(t, op.handle) && t->handle[op.handle].net_state != NET_STATE_OPEN) &&
  @   (op.kind == OP_ACCEPT ==> net_is_socket(t, op.handle) && t->handle[op.handle].net_state == NET_STATE_LISTENING) &&
  @   (op.kind == OP_SOCKET || op.kind == OP_ACCEPT ==> handle_free(t, op.handle2)) &&
  @   (op.kind == OP_SOCKET ==>
  @     ((op.value == NET_AF_INET && q->slot[SLOT_SOCK_OPEN_family] == NET_V4) || (op.value == NET_AF_INET6 && q->slot[SLOT_SOCK_OPEN_family] == NET_V6)) &&
  @     ((op.offset == NET_IPPROTO_TCP && op.flags == NET_SOCK_STREAM + NET_SOCK_CLOEXEC && q->slot[SLOT_SOCK_OPEN_type] == NET_TCP) ||
  @       (op.offset == NET_IPPROTO_UDP && op.flags == NET_SOCK_DGRAM + NET_SOCK_CLOEXEC && q->slot[SLOT_SOCK_OPEN_type] == NET_UDP)) &&
  @     net_protocol(c, q->slot[SLOT_SOCK_OPEN_type], q->slot[SLOT_SOCK_OPEN_family])) &&
  @   (op.kind == OP_ONLY_V6 ==> op.value == 1 && op.handle == p.ino) &&
  @   (op.kind == OP_ASK_NAME ==> op.value < c->name_count) &&
  @   (op.kind == OP_SET_OPTION || op.kind == OP_GET_OPTION ==> net_option_listed(op.flags, op.offset));
  @
  @ // What a call brought: a message that the guest is given is of a peer that a rule has; a socket of IPv6 takes no IPv4.
  @ predicate network_done(struct decide_context *c, struct handle_table *t, struct request *q, struct plan p, struct op_result *a) =
  @   (p.count > 0 && p.kind == OP_RECEIVE_FROM && p.value >= 0 ==> net_allowed(c, NET_UDP, NET_CONNECT, &a->address)) &&
  @   (q->call == OPERATION_SOCK_OPEN && p.value >= 0 ==> p.count > 0 && handle_free(t, p.ino) &&
  @     (q->slot[SLOT_SOCK_OPEN_family] == NET_V6 ==> p.kind == OP_ONLY_V6)) &&
  @   (q->call == OPERATION_SOCK_ACCEPT && p.value >= 0 ==> p.count > 0 && handle_free(t, p.ino));
  @
  @ // The slot that a plan opens a socket in: `ino`. No message ends a plan before its sender was judged, and nothing a plan that opened
  @ // a socket of IPv6 before that was told to take no IPv4.
  @ predicate opens_socket(struct request *q) = q->call == OPERATION_SOCK_OPEN || q->call == OPERATION_SOCK_ACCEPT;
  @ predicate plan_socket(struct handle_table *t, struct request *q, struct plan p) = p.count > 0 ==>
  @   (opens_socket(q) ==> handle_free(t, p.ino)) && (p.kind == OP_RECEIVE_FROM ==> p.end == PLAN_GOES_ON) &&
  @   (q->call == OPERATION_SOCK_OPEN ==> p.end != PLAN_ENDS_WITH_ANSWER && (p.end == PLAN_ENDS_WITH_VALUE ==> p.value < 0));
  @ // The resolver is no descriptor of the guest's.
  @ predicate asks_resolver(struct op op) = op.handle == HANDLE_RESOLVER && (op.kind == OP_ASK_NAME || op.kind == OP_TAKE_NAMES);
  @ predicate own_socket(struct handle_table *t, struct request *q, struct plan p, struct op_result *a, integer h) =
  @   p.count > 0 && q->call == OPERATION_SOCK_OPEN && h == p.ino && handle_free(t, h) && (p.kind == OP_SOCKET ==> a->value >= 0);
*/

/* Whether the address may be bound, or connected to, sent to and received from: RULE_NONE, or the rule it breaks. */
/*@ requires \valid_read(context) && \valid_read(address);
  @ assigns \nothing;
  @ ensures sound: \result == RULE_NONE ==> net_allowed(context, protocol, verb, address);
  @ ensures complete: net_allowed(context, protocol, verb, address) ==> \result == RULE_NONE;
  @ ensures rule: \result == RULE_NONE || \result == RULE_ADDRESS_REFUSED || \result == RULE_ADDRESS_OTHER;
*/
enum rule decide_net_rule(const struct decide_context *context, enum net_protocol protocol, enum net_verb verb,
                          const struct net_address *address);
/* Whether the system may choose the local address of such a socket. */
/*@ requires \valid_read(context);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_implicit(context, protocol, family);
*/
bool decide_net_implicit(const struct decide_context *context, enum net_protocol protocol, uint8_t family);
/* Whether any rule has the protocol over the family. */
/*@ requires \valid_read(context);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_protocol(context, protocol, family);
*/
bool decide_net_protocol(const struct decide_context *context, enum net_protocol protocol, uint8_t family);

#endif
