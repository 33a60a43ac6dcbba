/* Option tables: each sub-command states its options once; parsing, help, completion and the man page come from the
 * table. */
#ifndef WARRANT_CLI_OPTIONS_H
#define WARRANT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>
#include "cli/print.h"
#include "runtime/base/base.h"

enum exit_status {
    EXIT_OK = 0,
    EXIT_FINDING = 1,
    EXIT_USAGE = 2,
    EXIT_FILE = 3,
    EXIT_RECORDED = 4, /* the trace is still being recorded: what is said of it is not the last word */
    EXIT_WARRANT_FAILED = 125,
    EXIT_POLICY = 126,
    EXIT_SIGNALLED = 128, /* and the signal's number */
    EXIT_TRAP = 134,
};

struct option_row {
    char letter;          /* 0: long form only */
    const char *name;     /* without the dashes */
    const char *argument; /* placeholder in the help; NULL: a flag */
    const char *help;
};

struct option_table {
    const struct option_row *rows;
    size_t count;
};

struct command {
    const char *name;
    const char *arguments; /* what follows the options, for the usage line */
    const char *summary;   /* one line */
    const char *text;      /* paragraphs for --help and the man page */
    struct option_table options;
    int (*run)(const struct command *command, int argc, char **argv);
    bool runs_program; /* the operands end in another program's arguments: options stand before the first of them */
};

extern const struct command *const commands[];
extern const size_t command_count;

/* Walks argv from 1. Call until it returns OPTIONS_END; then argv[index .. argc) of the state are the operands. An
 * option is given by the index of its row, its argument in *value. Options may stand behind operands, except where the
 * command's operands end in another program's arguments; `--` ends them. Reorders argv. */
enum { OPTIONS_END = -1, OPTIONS_ERROR = -2, OPTIONS_HELP = -3 };
struct options_state {
    int index, argc;
    char **argv;
    const char *cluster; /* rest of a group of letters */
    int operands;        /* seen so far; they have moved to the front of argv */
};
int options_next(const struct command *command, struct options_state *state, const char **value);

/* After the last option (`option` is what options_next returned): takes the one operand. -1: *ret is set; else the exit
 * status, and what was to be said is said. wanted: "one trace". */
int options_operand(const struct command *command, const struct options_state *state, int option, const char *wanted,
                    const char **ret);

/* Takes an option's number as policies write it: policy_parse_count, policy_parse_size or policy_parse_duration, and at
 * least `least`. INVALID, with the option's name in the text. */
typedef enum status option_parse(const char *text, uint64_t *ret, struct error *error);
MUST_USE enum status option_number(const char *option, option_parse *parse, const char *value, uint64_t least,
                                   uint64_t *ret, struct error *error);
/* The same for a command: -1, or EXIT_USAGE and it is said. */
int command_number(const struct command *command, const char *option, option_parse *parse, const char *value,
                   uint64_t least, uint64_t *ret);

void command_help(const struct command *command, FILE *out);
void command_man(const struct command *command, FILE *out); /* one roff section */
/* Prints `warrant COMMAND: message` to stderr. Returns `status`. */
int command_failed(const struct command *command, int status, const struct error *error);
/* The message of an option or operand that was refused, and where to read on, to stderr. Returns EXIT_USAGE. */
int command_refused(const struct command *command, const struct error *error);
/* Prints `warrant COMMAND: text` and where to read on, to stderr. Returns EXIT_USAGE. */
int command_usage(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
