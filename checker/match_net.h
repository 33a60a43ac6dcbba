/* Comparing what is special about a system call on a socket. Private to checker/. */
#ifndef WARRANT_CHECKER_MATCH_NET_H
#define WARRANT_CHECKER_MATCH_NET_H

#include "checker/match_want.h"

/* How many things differ between an op and a record of its system call: the address or value that it names, what the
 * call wrote, and the socket as the kernel had it behind the call. Appends what in words where text is not NULL and
 * `before`, what differed already, is small. */
unsigned match_net_compare(const struct match_want *want, const struct witness_record *record, unsigned before,
                           struct buffer *text);
/* Whether the call did what it is for; a connection that is on its way counts. */
bool match_net_worked(const struct match_want *want, const struct witness_record *record);
/* The parts (WITNESS_PART_*) that this comparison needs, of a call that worked or not. */
uint32_t match_net_parts(const struct match_want *want, bool worked);

#endif
