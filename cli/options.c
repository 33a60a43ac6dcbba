/* Parses options and prints help from the tables. Long options may be cut short where that is unambiguous, as
 * getopt_long has it; `--name=value` and `--name value` are the same. */
#include "cli/options.h"
#include "cli/nearest.h"

#include <stdarg.h>
#include <string.h>

static int long_find(const struct command *command, const char *name, size_t length)
{
    int found = -1;
    for (size_t i = 0; i < command->options.count; i++) {
        const char *candidate = command->options.rows[i].name;
        if (strncmp(candidate, name, length) != 0)
            continue;
        if (strlen(candidate) == length)
            return (int)i;
        if (found >= 0)
            return -1;
        found = (int)i;
    }
    return found;
}

static int long_unknown(const struct command *command, const char *text, size_t length)
{
    struct nearest nearest = nearest_to(text, length);
    for (size_t i = 0; i < command->options.count; i++)
        nearest_offer(&nearest, command->options.rows[i].name);
    nearest_offer(&nearest, "help");
    if (nearest.name)
        command_usage(command, "there is no option --%.*s; --%s is near", (int)length, text, nearest.name);
    else
        command_usage(command, "there is no option --%.*s", (int)length, text);
    return OPTIONS_ERROR;
}

static int long_next(const struct command *command, struct options_state *s, const char *text, const char **value)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    if (length == 4 && !strncmp(text, "help", 4))
        return OPTIONS_HELP;
    int row = long_find(command, text, length);
    if (row < 0)
        return long_unknown(command, text, length);
    const struct option_row *option = &command->options.rows[row];
    if (!option->argument) {
        if (equals) {
            command_usage(command, "--%s takes no argument", option->name);
            return OPTIONS_ERROR;
        }
        return row;
    }
    if (equals) {
        *value = equals + 1;
        return row;
    }
    if (s->index >= s->argc) {
        command_usage(command, "--%s needs %s", option->name, option->argument);
        return OPTIONS_ERROR;
    }
    *value = s->argv[s->index++];
    return row;
}

static int letter_next(const struct command *command, struct options_state *s, const char **value)
{
    char letter = *s->cluster++;
    if (letter == 'h')
        return OPTIONS_HELP;
    for (size_t i = 0; i < command->options.count; i++) {
        const struct option_row *option = &command->options.rows[i];
        if (option->letter != letter)
            continue;
        if (!option->argument)
            return (int)i;
        if (*s->cluster) {
            *value = s->cluster;
            s->cluster = NULL;
        } else if (s->index < s->argc) {
            *value = s->argv[s->index++];
        } else {
            command_usage(command, "-%c needs %s", letter, option->argument);
            return OPTIONS_ERROR;
        }
        return (int)i;
    }
    command_usage(command, "there is no option -%c", letter);
    return OPTIONS_ERROR;
}

/* The operands that were seen and those that are left, in one piece. */
static int options_end(struct options_state *s)
{
    int left = s->argc - s->index;
    memmove((void *)&s->argv[1 + s->operands], (const void *)&s->argv[s->index], (size_t)left * sizeof *s->argv);
    s->index = 1;
    s->argc = 1 + s->operands + left;
    return OPTIONS_END;
}

int options_next(const struct command *command, struct options_state *s, const char **value)
{
    *value = NULL;
    if (s->cluster && *s->cluster)
        return letter_next(command, s, value);
    s->cluster = NULL;
    for (; s->index < s->argc; s->index++) {
        char *word = s->argv[s->index];
        if (word[0] == '-' && word[1] != '\0')
            break;
        if (command->runs_program)
            return options_end(s);
        s->argv[1 + s->operands++] = word;
    }
    if (s->index >= s->argc)
        return options_end(s);
    const char *word = s->argv[s->index++];
    if (word[1] != '-') {
        s->cluster = word + 1;
        return letter_next(command, s, value);
    }
    return word[2] == '\0' ? options_end(s) : long_next(command, s, word + 2, value);
}

int options_operand(const struct command *command, const struct options_state *s, int option, const char *wanted,
                    const char **ret)
{
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    if (s->argc - s->index != 1)
        return command_usage(command, "%s is wanted", wanted);
    *ret = s->argv[s->index];
    return -1;
}

enum status option_number(const char *option, option_parse *parse, const char *value, uint64_t least, uint64_t *ret,
                          struct error *error)
{
    uint64_t number = 0;
    struct error why = ERROR_INIT;
    enum status s = parse(value, &number, &why);
    if (s == STATUS_OK && number < least)
        s = error_set(&why, STATUS_INVALID, "'%s' is less than the least that is possible, %llu", value,
                      (unsigned long long)least);
    if (s != STATUS_OK) {
        error_copy(error, STATUS_INVALID, &why);
        error_prefix(error, "--%s", option);
        return STATUS_INVALID;
    }
    *ret = number;
    return STATUS_OK;
}

int command_number(const struct command *command, const char *option, option_parse *parse, const char *value,
                   uint64_t least, uint64_t *ret)
{
    struct error error = ERROR_INIT;
    return option_number(option, parse, value, least, ret, &error) == STATUS_OK ? -1 : command_refused(command, &error);
}

/* Prints `text` filled to 100 columns behind `indent` blanks; the first line's indent is there already. */
static void fill(FILE *out, const char *text, int indent)
{
    int column = indent;
    while (*text) {
        size_t word = strcspn(text, " \n");
        if (column > indent && column + (int)word + 1 > 100) {
            print_to(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            print_to(out, " ");
            column++;
        }
        print_to(out, "%.*s", (int)word, text);
        column += (int)word;
        text += word;
        while (*text == ' ')
            text++;
        if (*text == '\n') {
            text++;
            print_to(out, "\n%*s", indent, "");
            column = indent;
        }
    }
    print_to(out, "\n");
}

void command_help(const struct command *command, FILE *out)
{
    print_to(out, "usage: warrant %s%s%s%s\n\n", command->name, command->options.count ? " [OPTION...]" : "",
             command->arguments[0] ? " " : "", command->arguments);
    fill(out, command->summary, 0);
    if (command->text) {
        print_to(out, "\n");
        fill(out, command->text, 0);
    }
    if (command->options.count)
        print_to(out, "\noptions:\n");
    for (size_t i = 0; i < command->options.count; i++) {
        const struct option_row *option = &command->options.rows[i];
        char head[80];
        int used = option->letter ? snprintf(head, sizeof head, "  -%c, --%s", option->letter, option->name)
                                  : snprintf(head, sizeof head, "      --%s", option->name);
        if (option->argument)
            used += snprintf(head + used, sizeof head - (size_t)used, " %s", option->argument);
        if (used > 34)
            print_to(out, "%s\n%36s", head, "");
        else
            print_to(out, "%-36s", head);
        fill(out, option->help, 36);
    }
}

static void roff_text(FILE *out, const char *text)
{
    struct buffer roff = BUFFER_INIT;
    for (bool start = true; *text; text++) {
        if (start && (*text == '.' || *text == '\''))
            buffer_string(&roff, "\\&");
        if (*text == '-')
            buffer_string(&roff, "\\-");
        else if (*text == '\\')
            buffer_string(&roff, "\\e");
        else
            buffer_u8(&roff, (uint8_t)*text);
        start = *text == '\n';
    }
    buffer_u8(&roff, '\n');
    print_text(out, &roff);
    buffer_done(&roff);
}

void command_man(const struct command *command, FILE *out)
{
    print_to(out, ".SS warrant %s\n.B warrant %s\n%s", command->name, command->name,
             command->options.count ? "[OPTION...] " : "");
    roff_text(out, command->arguments);
    print_to(out, ".PP\n");
    roff_text(out, command->summary);
    if (command->text) {
        print_to(out, ".PP\n");
        roff_text(out, command->text);
    }
    for (size_t i = 0; i < command->options.count; i++) {
        const struct option_row *option = &command->options.rows[i];
        print_to(out, ".TP\n");
        if (option->letter)
            print_to(out, "\\fB\\-%c\\fR, ", option->letter);
        print_to(out, "\\fB\\-\\-%s\\fR %s\n", option->name, option->argument ? option->argument : "");
        roff_text(out, option->help);
    }
}

int command_usage(const struct command *command, const char *format, ...)
{
    va_list args;
    print_err("warrant %s: ", command->name);
    va_start(args, format);
    print_to_list(stderr, format, args);
    va_end(args);
    print_err("; see `warrant %s --help`\n", command->name);
    return EXIT_USAGE;
}

int command_refused(const struct command *command, const struct error *error)
{
    print_err("warrant %s: ", command->name);
    print_message(stderr, error->text);
    print_err("; see `warrant %s --help`\n", command->name);
    return EXIT_USAGE;
}

int command_failed(const struct command *command, int status, const struct error *error)
{
    print_err("warrant %s: ", command->name);
    print_message(stderr, error->text[0] ? error->text : status_text(error->status));
    print_err("\n");
    return status;
}
