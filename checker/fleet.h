/* Which runs an audit database holds: taking some away, and taking in those of other databases. docs/queries.md. */
#ifndef WARRANT_CHECKER_FLEET_H
#define WARRANT_CHECKER_FLEET_H

#include "checker/checker.h"

enum fleet_done {
    FLEET_DELETED,
    FLEET_MERGED,   /* was not there */
    FLEET_REPLACED, /* was there, and the other database's rows stand in its place */
    FLEET_KEPT      /* was there, and stays as it is */
};
const char *fleet_done_name(enum fleet_done done); /* "deleted" */

/* One run as whoever prints it wants it. Strings: borrowed for the visit, "" where there is none, and escaped. */
struct fleet_run {
    enum fleet_done done;
    int64_t run; /* its number: of what is deleted there, of what is merged in the other database */
    const char *run_id, *started, *host, *module, *labels, *verdict;
    const char *verdict_here; /* of a run that is there already; else NULL */
};

struct fleet_options {
    const char *db_path; /* borrowed */
    bool dry_run;        /* nothing is written: what would be done is told */
    bool shrink;         /* give what is free in the file back to the file system, which writes the whole file again */
    bool replace;        /* a run that is there already is replaced by the other database's */
    void (*visit)(void *self, const struct fleet_run *run); /* of each run, before it is done; not NULL */
    void *self;
    /* Told now and then; may be NULL. what: static text ("copying", "waiting for ..." as of checker_open). */
    void (*told)(void *self, const char *what, uint64_t done, uint64_t total);
    void *told_self;
};
/* The database afterwards; a dry run's: as it is. */
struct fleet_size {
    uint64_t runs, file_bytes, free_bytes; /* free: in the file, for new runs */
};

/* Deletes the chosen runs with everything that is known of them, in one transaction: after a failure or a kill all of
 * them are there. What they were is written over. Failures: as database_open's for DATABASE_CHANGE, and
 * checker_query's for a choice; NO_SPACE; also where the runs are deleted and the file could not be shrunk, which the
 * text says. */
MUST_USE enum status fleet_delete(const struct fleet_options *options, const struct checker_choice *choice,
                                  struct fleet_size *ret, struct error *error);
/* Takes in the runs of the database file `other`, which is opened as checker_query opens one, in one transaction: after
 * a failure or a kill none of them is there. The database is made if it is missing. Nothing is checked again: the rows
 * are the other database's word, and runs.merged_from says so. INVALID: both are the same file. MALFORMED: rows that no
 * check writes. */
MUST_USE enum status fleet_merge(const struct fleet_options *options, const char *other, struct fleet_size *ret,
                                 struct error *error);

#endif
