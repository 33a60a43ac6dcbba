/* `warrant completion`: for each shell, from the option tables. The scripts call nothing of warrant. */
#include "cli/commands.h"

#include <string.h>

static void bash_put(struct buffer *out)
{
    buffer_string(out, "_warrant()\n{\n    local word=${COMP_WORDS[COMP_CWORD]} options=\n    if [ \"$COMP_CWORD\" -eq "
                       "1 ] || [ \"${COMP_WORDS[1]}\" = help ]; then\n"
                       "        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; i < command_count; i++)
        buffer_printf(out, "%s ", commands[i]->name);
    buffer_string(out, "\" -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < command_count; i++) {
        buffer_printf(out, "    %s) options=\"--help", commands[i]->name);
        for (size_t k = 0; k < commands[i]->options.count; k++)
            buffer_printf(out, " --%s", commands[i]->options.rows[k].name);
        buffer_string(out, "\" ;;\n");
    }
    buffer_string(
        out, "    esac\n    if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n  "
             "  else\n"
             "        COMPREPLY=($(compgen -f -- \"$word\"))\n    fi\n}\ncomplete -o filenames -F _warrant warrant\n");
}

/* Text inside of single quotes; `special`: letters that the shell's own form wants a backslash before. */
static void quoted_put(struct buffer *out, const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'')
            buffer_string(out, "'\\''");
        else if (strchr(special, *text))
            buffer_bytes(out, (const char[]) { '\\', *text }, 2);
        else
            buffer_u8(out, *text == '\n' ? ' ' : (uint8_t)*text);
    }
}

static void zsh_option(struct buffer *out, const struct option_row *row)
{
    const char *end = row->argument ? "=" : "";
    if (row->letter)
        buffer_printf(out, " \\\n        '(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, row->name, row->letter,
                      row->argument ? "+" : "", row->name, end);
    else
        buffer_printf(out, " \\\n        '--%s%s[", row->name, end);
    quoted_put(out, row->help, "[]:\\");
    buffer_string(out, "]");
    if (row->argument) {
        buffer_string(out, ":");
        quoted_put(out, row->argument, "[]:\\");
        buffer_string(out, ":_files");
    }
    buffer_string(out, "'");
}

static void zsh_put(struct buffer *out)
{
    buffer_string(out, "#compdef warrant\n_warrant()\n{\n    local -a commands=(");
    for (size_t i = 0; i < command_count; i++) {
        buffer_printf(out, "\n        '%s:", commands[i]->name);
        quoted_put(out, commands[i]->summary, ":\\");
        buffer_string(out, "'");
    }
    buffer_string(out, "\n    )\n    if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then\n        _describe -t "
                       "commands 'command' commands\n   "
                       "     return\n    fi\n"
                       "    shift words\n    (( CURRENT-- ))\n    case $words[1] in\n");
    for (size_t i = 0; i < command_count; i++) {
        buffer_printf(out, "    %s) _arguments '--help[tell all of it]'", commands[i]->name);
        for (size_t k = 0; k < commands[i]->options.count; k++)
            zsh_option(out, &commands[i]->options.rows[k]);
        buffer_string(out, " \\\n        '*:file:_files' ;;\n");
    }
    buffer_string(out, "    esac\n}\nif [ \"$funcstack[1]\" = _warrant ]; then\n    _warrant \"$@\"\nelse\n    compdef "
                       "_warrant warrant\nfi\n");
}

static void fish_put(struct buffer *out)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = commands[i];
        static const char *const wheres[] = { "__fish_use_subcommand", "'__fish_seen_subcommand_from help'" };
        for (size_t k = 0; k < 2; k++) {
            buffer_printf(out, "complete -c warrant -f -n %s -a %s -d '", wheres[k], command->name);
            quoted_put(out, command->summary, "\\");
            buffer_string(out, "'\n");
        }
        buffer_printf(out, "complete -c warrant -n '__fish_seen_subcommand_from %s' -l help -d 'tell all of it'\n",
                      command->name);
        for (size_t k = 0; k < command->options.count; k++) {
            const struct option_row *row = &command->options.rows[k];
            buffer_printf(out, "complete -c warrant -n '__fish_seen_subcommand_from %s'", command->name);
            if (row->letter)
                buffer_printf(out, " -s %c", row->letter);
            buffer_printf(out, " -l %s%s -d '", row->name, row->argument ? " -r" : "");
            quoted_put(out, row->help, "\\");
            buffer_string(out, "'\n");
        }
    }
}

static int run(const struct command *command, int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*put)(struct buffer *out);
    } shells[] = { { "bash", bash_put }, { "zsh", zsh_put }, { "fish", fish_put } };
    if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
        return command_help(command, stdout), EXIT_OK;
    for (size_t i = 0; argc == 2 && i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(argv[1], shells[i].name) != 0)
            continue;
        struct buffer out = BUFFER_INIT;
        shells[i].put(&out);
        enum status status = out.status;
        if (status == STATUS_OK)
            print_text(stdout, &out);
        buffer_done(&out);
        return status == STATUS_OK
                   ? EXIT_OK
                   : command_failed(command, EXIT_FILE, &(struct error) { STATUS_NO_MEMORY, "out of memory" });
    }
    return command_usage(command, "bash, zsh and fish are the shells that are known");
}

const struct command command_completion = {
    .name = "completion",
    .arguments = "bash|zsh|fish",
    .summary = "Print completion for the shell.",
    .text = "Read it in the shell's startup file: `source <(warrant completion bash)`, the same with zsh, and "
            "`warrant completion fish | source`. An installation has brought all three where the shells look.",
    .run = run,
};
