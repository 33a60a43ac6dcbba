/* The way out for what the engine does not take. */
#ifndef WARRANT_RT_FOREIGN_H
#define WARRANT_RT_FOREIGN_H

/* What somebody can do whose module needs `proposal`; NULL where the proposal is not known. */
const char *foreign_proposal_advice(const char *proposal);

#endif
