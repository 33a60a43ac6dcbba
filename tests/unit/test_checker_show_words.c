/* The words of flags and numbers: as the witx text has them, whole and in order, and as show prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>
#include "checker/show_words.h"
#include "wasi/abi/net.h"
#include "skip_case.h"
#include "witx_tree.h"

static struct witx witx;
static bool have_witx;

static void expect(const struct buffer *out, const char *text)
{
    assert_int_equal(out->size, strlen(text));
    assert_memory_equal(out->data, text, out->size);
}

/* The n-th of words that blanks separate. */
static void word_at(const char *words, size_t n, char *ret, size_t size)
{
    for (; n > 0 && *words; n--) {
        words += strcspn(words, " ");
        words += strspn(words, " ");
    }
    snprintf(ret, size, "%.*s", (int)strcspn(words, " "), words);
}

static void words_are_the_texts(void **state)
{
    (void)state;
    if (!have_witx)
        SKIP_CASE("no witx text to hold the words against");
    for (size_t i = 0; i < SHOW_WORDS_COUNT; i++) {
        const struct show_words_row *row = &show_words_rows[i];
        char name[64], word[64];
        if (!row->witx)
            continue;
        snprintf(name, sizeof name, "$%s", row->type);
        const struct witx_node *definition = witx_type(&witx, name);
        assert_true(witx_is(definition, row->form == SHOW_FORM_FLAGS ? "flags" : "enum"));
        size_t member = 0;
        for (; witx_at(definition, 2 + member); member++) {
            word_at(row->words, member, word, sizeof word);
            if (strcasecmp(witx_at(definition, 2 + member)->text + 1, word) != 0)
                fail_msg("%s: number %zu is %s in the text, \"%s\" in the table", name, member,
                         witx_at(definition, 2 + member)->text, word);
        }
        word_at(row->words, member, word, sizeof word);
        assert_string_equal(word, "");
    }
}

/* A type of the text whose values have names is printed by them, whatever column form says. */
static void every_type_with_names_has_words(void **state)
{
    (void)state;
    if (!have_witx)
        SKIP_CASE("no witx text to hold the words against");
    for (size_t op = 0; op < OPERATION_COUNT; op++)
        for (size_t f = 0; f < abi_operations[op].field_count; f++) {
            const struct operation_field *field = &abi_operations[op].field[f];
            const struct arg_type_row *type = &abi_arg_types[field->type];
            static const uint64_t slots[OPERATION_SLOTS_MAX];
            struct buffer out = BUFFER_INIT;
            if (type->class == ARG_CLASS_SCALAR && type->witx[0] == '$') {
                const struct witx_node *definition = witx_type(&witx, type->witx);
                bool named = witx_is(definition, "flags") || witx_is(definition, "enum");
                if (show_words_field((enum operation)op, field, slots, &out) != named)
                    fail_msg("%s: %s is of the type %s", abi_operations[op].name, field->name, type->witx);
            }
            buffer_done(&out);
        }
}

static void put(enum show_words which, uint64_t value, const char *text)
{
    struct buffer out = BUFFER_INIT;
    show_words_put(which, value, &out);
    expect(&out, text);
    buffer_done(&out);
}

static void values_and_words_say_the_same(void **state)
{
    (void)state;
    put(SHOW_WORDS_oflags, 0, "0");
    put(SHOW_WORDS_oflags, OFLAG_CREAT | OFLAG_TRUNC, "CREAT|TRUNC");
    put(SHOW_WORDS_oflags, OFLAG_EXCL | 0x50, "EXCL|0x50");
    put(SHOW_WORDS_oflags, 0x8000000000000000, "0x8000000000000000");
    put(SHOW_WORDS_whence, WHENCE_END, "END");
    put(SHOW_WORDS_whence, 3, "3");
    put(SHOW_WORDS_whence, UINT64_MAX, "18446744073709551615");
    put(SHOW_WORDS_polled, POLLED_ALL, "READY|HANGUP|ERROR|INVALID");
    put(SHOW_WORDS_family, NET_V4, "INET4");
    put(SHOW_WORDS_family, NET_V6, "INET6");
    put(SHOW_WORDS_family, NET_NONE, "0");
    put(SHOW_WORDS_protocol, NET_UDP, "UDP");
}

static void rights(uint64_t value, const char *text)
{
    struct buffer out = BUFFER_INIT;
    show_words_rights(value, &out);
    expect(&out, text);
    buffer_done(&out);
}

static void rights_are_few_or_all_but_few(void **state)
{
    (void)state;
    rights(0, "0");
    rights(R(FD_READ) | R(FD_SEEK), "FD_READ|FD_SEEK");
    rights(RIGHTS_ALL, "ALL");
    rights(RIGHTS_ALL & ~R(SOCK_ACCEPT), "ALL&~(SOCK_ACCEPT)");
    rights(R(FD_READ) | UINT64_C(1) << 40, "FD_READ|0x10000000000");
    struct buffer out = BUFFER_INIT;
    show_words_rights(UINT64_MAX, &out); /* never ALL: there are bits of no right */
    assert_null(memmem(out.data, out.size, "ALL&", 4));
    assert_non_null(memmem(out.data, out.size, "|0xffffffffc0000000", 19));
    buffer_done(&out);
}

static void options_have_their_names(void **state)
{
    (void)state;
    const struct operation_row *row = &abi_operations[OPERATION_SOCK_SET_OPTION];
    uint64_t slots[OPERATION_SLOTS_MAX] = {
        [SLOT_SOCK_SET_OPTION_level] = NET_IPPROTO_TCP, [SLOT_SOCK_SET_OPTION_option] = NET_TCP_NODELAY
    };
    struct buffer out = BUFFER_INIT;
    for (size_t f = 0; f < row->field_count; f++)
        (void)show_words_field(OPERATION_SOCK_SET_OPTION, &row->field[f], slots, &out);
    expect(&out, "IPPROTO_TCPTCP_NODELAY");
    slots[SLOT_SOCK_SET_OPTION_option] = 99; /* no row: it stays a number */
    buffer_clear(&out);
    for (size_t f = 0; f < row->field_count; f++)
        (void)show_words_field(OPERATION_SOCK_SET_OPTION, &row->field[f], slots, &out);
    expect(&out, "IPPROTO_TCP");
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_the_texts),           cmocka_unit_test(every_type_with_names_has_words),
        cmocka_unit_test(values_and_words_say_the_same), cmocka_unit_test(rights_are_few_or_all_but_few),
        cmocka_unit_test(options_have_their_names),
    };
    have_witx = witx_load(&witx);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
