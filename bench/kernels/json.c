/* Reads JSON into a tree and walks it: a recursive-descent parser, nodes in linked lists, strings with escapes, numbers
 * made by exact arithmetic. Size: records in the text. */
#include "bench/kernels/kernel.h"

struct value {
    enum { NUMBER, TEXT, LIST, OBJECT, WORD } kind;
    struct value *next, *first; /* of a list or object; an object's members are pairs of name and value */
    double number;
    const char *text;
    uint32_t length;
};

struct reader {
    const char *at;
    struct value *values;
    char *strings;
};

static char *put_number(char *at, uint32_t number)
{
    char digits[10];
    int count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count)
        *at++ = digits[--count];
    return at;
}

static char *put_text(char *at, const char *text)
{
    size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

/* At most 160 bytes a record. */
static void make_text(char *at, uint32_t records)
{
    static const char *const names[4] = { "J\\u00e9r\\u00f4me", "a \\\"quoted\\\" one", "Sigr\\u00edd",
                                          "plain and somewhat longer name" };
    uint64_t state = 9;
    *at++ = '[';
    for (uint32_t i = 0; i < records; i++) {
        at = put_number(put_text(at, i ? ",\n {\"id\": " : "{\"id\": "), i);
        at = put_text(put_text(put_text(at, ", \"name\": \""), names[kernel_random(&state) % 4]), "\", \"place\": [");
        at = put_number(put_text(at, "-"), kernel_random(&state) % 180);
        at = put_number(put_text(at, "."), kernel_random(&state) % 1000000);
        at = put_number(put_text(at, ", "), kernel_random(&state) % 90);
        at = put_text(at, "], \"tags\": {\"new\": true, \"old\": null}}");
    }
    *at++ = ']';
    *at = 0;
}

static void skip_space(struct reader *reader)
{
    while (*reader->at == ' ' || *reader->at == '\n' || *reader->at == ',' || *reader->at == ':')
        reader->at++;
}

static double read_number(struct reader *reader)
{
    double number = 0, scale = 1;
    int negative = *reader->at == '-', seen_point = 0;
    for (reader->at += negative; (*reader->at >= '0' && *reader->at <= '9') || *reader->at == '.'; reader->at++) {
        if (*reader->at == '.') {
            seen_point = 1;
        } else {
            number = number * 10 + (*reader->at - '0');
            scale *= seen_point ? 10 : 1;
        }
    }
    return (negative ? -number : number) / scale;
}

/* Copies the string without its escapes; \u00XX becomes two bytes of UTF-8. */
static void read_string(struct reader *reader, struct value *value)
{
    char *out = reader->strings;
    value->text = out;
    for (reader->at++; *reader->at != '"'; reader->at++) {
        if (*reader->at != '\\') {
            *out++ = *reader->at;
            continue;
        }
        if (*++reader->at != 'u') {
            *out++ = *reader->at;
            continue;
        }
        uint32_t code = 0;
        for (int i = 0; i < 4; i++) {
            uint32_t digit = (uint8_t)*++reader->at;
            code = code * 16 + (digit & 15) + (digit > '9' ? 9 : 0);
        }
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 63));
    }
    reader->at++;
    value->length = (uint32_t)(out - reader->strings);
    reader->strings = out;
}

static struct value *read_value(struct reader *reader)
{
    struct value *value = reader->values++;
    const char c = *reader->at;
    if (c == '"') {
        value->kind = TEXT;
        read_string(reader, value);
    } else if (c == '[' || c == '{') {
        struct value **link = &value->first;
        value->kind = c == '[' ? LIST : OBJECT;
        reader->at++;
        for (skip_space(reader); *reader->at != ']' && *reader->at != '}'; skip_space(reader)) {
            *link = read_value(reader);
            link = &(*link)->next;
        }
        reader->at++;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        value->kind = NUMBER;
        value->number = read_number(reader);
    } else {
        value->kind = WORD;
        while (*reader->at >= 'a' && *reader->at <= 'z')
            reader->at++;
    }
    return value;
}

static uint64_t sum_tree(const struct value *value, uint64_t sum)
{
    sum = kernel_mix(sum, value->kind);
    sum = kernel_mix_double(sum, value->number);
    for (uint32_t i = 0; i < value->length; i++)
        sum = sum * 31 + (uint8_t)value->text[i];
    for (const struct value *child = value->first; child; child = child->next)
        sum = sum_tree(child, sum);
    return sum;
}

uint64_t kernel_run(uint32_t size)
{
    char *text = kernel_alloc(size * 160 + 16, 1), *strings = kernel_alloc(size * 160 + 16, 1);
    struct reader reader = { text, kernel_alloc(size * 16 + 1, sizeof(struct value)), strings };
    make_text(text, size);
    return sum_tree(read_value(&reader), size);
}
