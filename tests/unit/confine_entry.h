/* System call entries beside the ordinary one, per architecture: what a taken-over process would try. */
#ifndef WARRANT_CONFINE_ENTRY_H
#define WARRANT_CONFINE_ENTRY_H

/* getpid by the 32-bit entry; -1 where the architecture has none (then nothing was tried). */
long confine_entry_compat_getpid(void);

#endif
