/* Flags, rights, clocks and the like in words: show_words.def, rights.def, net_options.def.
 *
 * Invariant: a value and its words say the same; what has no word is printed as a number beside them. Which words an
 * argument has follows from its type's name in the witx text, so that argtypes.def alone says what an argument is. */
#include "checker/show_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "wasi/abi/net.h"

#define WORDS(form, type, words)     [SHOW_WORDS_##type] = { #type, words, SHOW_FORM_##form, true },
#define WORDS_OWN(form, type, words) [SHOW_WORDS_##type] = { #type, words, SHOW_FORM_##form, false },
#define FIELD_WORDS(...)
const struct show_words_row show_words_rows[SHOW_WORDS_COUNT] = {
#include "checker/show_words.def"
};
#undef WORDS
#undef WORDS_OWN
#undef FIELD_WORDS

struct field_words {
    const char *field;
    uint8_t operation, words;
};
#define WORDS(...)
#define WORDS_OWN(...)
#define FIELD_WORDS(operation, field, type) { #field, OPERATION_##operation, SHOW_WORDS_##type },
static const struct field_words field_words[] = {
#include "checker/show_words.def"
};
#undef WORDS
#undef WORDS_OWN
#undef FIELD_WORDS

struct word {
    const char *text;
    size_t length; /* 0: there is none */
};

static struct word word_find(const char *words, uint64_t number)
{
    while (*words) {
        size_t length = strcspn(words, " ");
        if (number-- == 0)
            return length == 1 && words[0] == '-' ? (struct word) { "", 0 } : (struct word) { words, length };
        words += length;
        words += strspn(words, " ");
    }
    return (struct word) { "", 0 };
}

/* A word of a set of flags; *first tells whether it is the first. */
static void put_flag(struct buffer *out, const char *text, size_t length, bool *first)
{
    if (!*first)
        buffer_u8(out, '|');
    buffer_bytes(out, text, length);
    *first = false;
}

static void put_rest(struct buffer *out, uint64_t rest, bool *first)
{
    char text[24];
    if (rest == 0 && !*first)
        return;
    int length = snprintf(text, sizeof text, rest ? "0x%" PRIx64 : "%" PRIu64, rest);
    put_flag(out, text, (size_t)length, first);
}

void show_words_put(enum show_words which, uint64_t value, struct buffer *out)
{
    const struct show_words_row *row = &show_words_rows[which];
    if (row->form == SHOW_FORM_NUMBERS) {
        struct word word = word_find(row->words, value);
        if (word.length > 0)
            buffer_bytes(out, word.text, word.length);
        else
            buffer_printf(out, "%" PRIu64, value);
        return;
    }
    uint64_t rest = value;
    bool first = true;
    for (unsigned bit = 0; bit < 64; bit++) {
        struct word word = value >> bit & 1 ? word_find(row->words, bit) : (struct word) { "", 0 };
        if (word.length == 0)
            continue;
        put_flag(out, word.text, word.length, &first);
        rest &= ~(UINT64_C(1) << bit);
    }
    put_rest(out, rest, &first);
}

static void put_rights(uint64_t rights, struct buffer *out)
{
    bool first = true;
    for (unsigned bit = 0; bit < RIGHT_BIT_COUNT; bit++)
        if (rights >> bit & 1)
            put_flag(out, abi_right_name(bit), strlen(abi_right_name(bit)), &first);
    put_rest(out, rights & ~RIGHTS_ALL, &first);
}

void show_words_rights(uint64_t rights, struct buffer *out)
{
    uint64_t missing = RIGHTS_ALL & ~rights;
    if ((rights & ~RIGHTS_ALL) != 0 || __builtin_popcountll(missing) >= RIGHT_BIT_COUNT / 2) {
        put_rights(rights, out);
        return;
    }
    buffer_string(out, "ALL");
    if (missing) {
        buffer_string(out, "&~(");
        put_rights(missing, out);
        buffer_u8(out, ')');
    }
}

/* ---- fields ---- */

static const char *option_name(uint64_t level, uint64_t option)
{
#define NET_OPTION_SOCKET(name, sets) { NET_SOL_SOCKET, NET_##name, #name },
#define NET_OPTION_TCP(name, sets)    { NET_IPPROTO_TCP, NET_##name, #name },
#define NET_OPTION_V6(name, sets)     { NET_IPPROTO_IPV6, NET_##name, #name },
    static const struct {
        uint32_t level, option;
        const char *name;
    } rows[] = {
#include "wasi/abi/net_options.def"
    };
#undef NET_OPTION_SOCKET
#undef NET_OPTION_TCP
#undef NET_OPTION_V6
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].level == level && rows[i].option == option)
            return rows[i].name;
    return NULL;
}

static const char *level_name(uint64_t level)
{
    return level == NET_SOL_SOCKET     ? "SOL_SOCKET"
           : level == NET_IPPROTO_TCP  ? "IPPROTO_TCP"
           : level == NET_IPPROTO_IPV6 ? "IPPROTO_IPV6"
                                       : NULL;
}

/* Level and option of the two operations that have them; NULL: the field is neither, or no name is known. */
static const char *option_word(enum operation operation, const struct operation_field *field, const uint64_t *slots)
{
    if (operation == OPERATION_SOCK_GET_OPTION)
        return field->slot == SLOT_SOCK_GET_OPTION_level ? level_name(slots[field->slot])
               : field->slot == SLOT_SOCK_GET_OPTION_option
                   ? option_name(slots[SLOT_SOCK_GET_OPTION_level], slots[field->slot])
                   : NULL;
    if (operation == OPERATION_SOCK_SET_OPTION)
        return field->slot == SLOT_SOCK_SET_OPTION_level ? level_name(slots[field->slot])
               : field->slot == SLOT_SOCK_SET_OPTION_option
                   ? option_name(slots[SLOT_SOCK_SET_OPTION_level], slots[field->slot])
                   : NULL;
    return NULL;
}

/* Which words a field has; COUNT: none of the table. */
static enum show_words words_of(enum operation operation, const struct operation_field *field)
{
    for (size_t i = 0; i < sizeof field_words / sizeof *field_words; i++)
        if (field_words[i].operation == operation && strcmp(field_words[i].field, field->name) == 0)
            return (enum show_words)field_words[i].words;
    const char *witx = abi_arg_types[field->type].witx;
    for (unsigned i = 0; i < SHOW_WORDS_COUNT && witx[0] == '$'; i++)
        if (show_words_rows[i].witx && strcmp(show_words_rows[i].type, witx + 1) == 0)
            return (enum show_words)i;
    return SHOW_WORDS_COUNT;
}

bool show_words_field(enum operation operation, const struct operation_field *field, const uint64_t *slots,
                      struct buffer *out)
{
    if (abi_arg_types[field->type].class != ARG_CLASS_SCALAR)
        return false;
    if (field->type == ARG_RIGHTS) {
        show_words_rights(slots[field->slot], out);
        return true;
    }
    const char *option = option_word(operation, field, slots);
    enum show_words words = words_of(operation, field);
    if (option)
        buffer_string(out, option);
    else if (words < SHOW_WORDS_COUNT)
        show_words_put(words, slots[field->slot], out);
    return option || words < SHOW_WORDS_COUNT;
}
