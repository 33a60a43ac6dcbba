/* Reads what chooses runs. Whether there are such runs, the database says. */
#include "cli/choice_options.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wasi/policy/policy.h"

static const int64_t second_ns = 1000000000;

/* Digits of a fixed count; they move *text on. */
static bool digits_read(const char **text, int count, int *ret)
{
    *ret = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *ret = 10 * *ret + (**text - '0');
    }
    return true;
}

static bool char_read(const char **text, char wanted)
{
    bool there = **text == wanted;
    *text += there;
    return there;
}

/* 08:30 or 08:30:15, and a Z or nothing. */
static bool clock_read(const char **text, struct tm *ret)
{
    if (!digits_read(text, 2, &ret->tm_hour) || !char_read(text, ':') || !digits_read(text, 2, &ret->tm_min))
        return false;
    if (char_read(text, ':') && !digits_read(text, 2, &ret->tm_sec))
        return false;
    (void)char_read(text, 'Z');
    return true;
}

/* 2026-11-29, and behind it nothing, or T or a space and a time. */
static bool date_read(const char *text, int64_t *ret)
{
    struct tm tm = { 0 }, again;
    if (!digits_read(&text, 4, &tm.tm_year) || !char_read(&text, '-') || !digits_read(&text, 2, &tm.tm_mon) ||
        !char_read(&text, '-') || !digits_read(&text, 2, &tm.tm_mday))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    if ((char_read(&text, 'T') || char_read(&text, ' ')) && !clock_read(&text, &tm))
        return false;
    struct tm asked = tm; /* timegm puts right what is no day or hour */
    time_t at = timegm(&tm);
    if (*text || at < 0 || !gmtime_r(&at, &again) || again.tm_mday != asked.tm_mday || again.tm_mon != asked.tm_mon ||
        again.tm_hour != asked.tm_hour || again.tm_min != asked.tm_min || again.tm_sec != asked.tm_sec ||
        at > INT64_MAX / second_ns)
        return false;
    *ret = (int64_t)at * second_ns;
    return true;
}

/* A duration of policies, or days or weeks. */
static bool age_read(const char *text, uint64_t *ret)
{
    static const uint64_t day_ns = UINT64_C(86400) * 1000000000;
    size_t size = strlen(text);
    uint64_t unit = size > 0 && text[size - 1] == 'd' ? day_ns : size > 0 && text[size - 1] == 'w' ? 7 * day_ns : 0;
    char number[32];
    if (!unit)
        return policy_parse_duration(text, ret, NULL) == STATUS_OK;
    if (size > sizeof number)
        return false;
    memcpy(number, text, size - 1);
    number[size - 1] = 0;
    return policy_parse_count(number, ret, NULL) == STATUS_OK && !__builtin_mul_overflow(*ret, unit, ret);
}

int choice_time(const struct command *command, const char *option, const char *value, int64_t *ret)
{
    uint64_t age;
    struct timespec now;
    if (date_read(value, ret)) {
        *ret = *ret > 0 ? *ret : 1;
        return -1;
    }
    if (!age_read(value, &age))
        return command_usage(command,
                             "--%s wants a time, as 90m, 12h, 7d, 2w, 2026-11-29 or 2026-11-29T08:30, not \"%s\"",
                             option, value);
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_ns = (int64_t)now.tv_sec * second_ns + now.tv_nsec;
    *ret = age < (uint64_t)now_ns ? now_ns - (int64_t)age : 1;
    return -1;
}

static int list_add(const struct command *command, const char *what, const char **list, size_t *count,
                    const char *value)
{
    if (*count == CHOICE_LIST_MAX)
        return command_usage(command, "%s may be given %d times", what, CHOICE_LIST_MAX);
    list[(*count)++] = value;
    return -1;
}

int choice_run(const struct command *command, struct choice_options *options, const char *value)
{
    options->choice.runs = options->runs;
    return list_add(command, "runs", options->runs, &options->choice.run_count, value);
}

int choice_option(const struct command *command, struct choice_options *options, int option, const char *value)
{
    switch ((enum choice_option)option) {
    case CHOICE_RUN:
        return choice_run(command, options, value);
    case CHOICE_SINCE:
        return choice_time(command, "since", value, &options->choice.since_ns);
    case CHOICE_LABEL:
        options->choice.labels = options->labels;
        return list_add(command, "--label", options->labels, &options->choice.label_count, value);
    case CHOICE_OPTION_COUNT:
        break;
    }
    return -1;
}
