/* Going to an event, peeking and cloning give what reading on gives: the same items, the same end, whatever the file.
 */
#include "trace_white_forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "tracer/trace_inner.h"

enum { ITEMS_MAX = 4096 };

/* What an item is, in numbers. */
struct item {
    uint64_t kind;
    uint64_t first, last; /* its events */
    uint64_t chunk, ticks, duration, content;
};

struct list {
    struct item item[ITEMS_MAX];
    size_t count;
    uint64_t events; /* of all items */
    enum status next, stop;
    char text[ERROR_TEXT_MAX];
    bool inside;
    uint32_t reason;
};

static struct trace_call call;

static uint64_t content_of_call(void)
{
    uint64_t sum = call.request.call + 31 * call.complete + 7 * call.ops.count + call.committed;
    for (uint32_t i = 0; i < call.request.string_count; i++)
        for (uint32_t k = 0; k < call.request.string[i].length; k++)
            sum = sum * 31 + call.request.bytes[call.request.string[i].offset + k];
    for (uint32_t i = 0; i < call.ops.count; i++) {
        sum = sum * 31 + call.ops.op[i].kind + call.op_event[i] + call.data[i].out_digest;
        for (uint32_t k = 0; call.complete && k < call.data[i].in_kept; k++)
            sum = sum * 31 + call.data[i].in[k];
    }
    return sum;
}

/* What was just delivered. */
static struct item item_of(const struct trace_reader *reader, enum trace_item_kind kind, const struct trace_exit *last)
{
    struct item item = { .kind = kind, .first = trace_reader_event(reader), .last = trace_reader_event(reader) };
    if (kind == TRACE_ITEM_CALL) {
        item.first = call.begin_event;
        item.chunk = call.chunk;
        item.ticks = call.ticks;
        item.duration = call.duration;
        item.content = content_of_call();
    } else if (kind == TRACE_ITEM_EXIT) {
        item.content = last->instructions;
    } else if (kind == TRACE_ITEM_STATE) {
        item.content = trace_reader_state(reader)->digest;
    } else {
        item.content = trace_reader_growth(reader)->number;
    }
    return item;
}

static enum status take(struct trace_reader *reader, struct item *ret)
{
    enum trace_item_kind kind;
    struct trace_exit last;
    enum status status = trace_reader_next(reader, &kind, &call, &last, NULL);
    if (status == STATUS_OK)
        *ret = item_of(reader, kind, &last);
    return status;
}

static void end_of(struct trace_reader *reader, struct list *list)
{
    struct trace_end end;
    struct error why = ERROR_INIT;
    list->stop = trace_reader_stop(reader, &end, &list->inside, &why);
    list->reason = end.reason;
    snprintf(list->text, sizeof list->text, "%s", why.text);
}

/* Reads on to the end. */
static void read_on(struct trace_reader *reader, struct list *list)
{
    struct item item;
    list->count = 0;
    list->events = 0;
    while ((list->next = take(reader, &item)) == STATUS_OK) {
        assert_true(list->count < ITEMS_MAX);
        list->item[list->count++] = item;
        list->events = item.last + 1;
    }
    end_of(reader, list);
}

static void assert_item(const struct item *found, const struct item *expected, const char *what, uint64_t event)
{
    if (memcmp(found, expected, sizeof *found) != 0)
        fail_msg("%s, event %llu: item of kind %llu with events %llu to %llu, expected kind %llu with %llu to %llu",
                 what, (unsigned long long)event, (unsigned long long)found->kind, (unsigned long long)found->first,
                 (unsigned long long)found->last, (unsigned long long)expected->kind,
                 (unsigned long long)expected->first, (unsigned long long)expected->last);
}

static void assert_end(struct trace_reader *reader, const struct list *expected)
{
    struct item item;
    struct list found;
    assert_int_equal(take(reader, &item), expected->next);
    end_of(reader, &found);
    assert_int_equal(found.stop, expected->stop);
    assert_string_equal(found.text, expected->text);
    assert_int_equal(found.inside, expected->inside);
    assert_int_equal(found.reason, expected->reason);
}

/* Goes to `event` and takes all that follows, or only two items. */
static void check_seek(struct trace_reader *reader, const struct list *list, uint64_t event, bool all)
{
    struct item item;
    size_t i = 0;
    assert_int_equal(trace_reader_seek(reader, event, NULL), STATUS_OK);
    while (i < list->count && list->item[i].last < event)
        i++;
    for (size_t left = all ? list->count : 2; left > 0 && i < list->count; left--, i++) {
        assert_int_equal(take(reader, &item), STATUS_OK);
        assert_item(&item, &list->item[i], "seek", event);
    }
    if (i == list->count)
        assert_end(reader, list);
}

/* Every event, from the front, from the back, with a new reader each time, and behind the last. */
static void check_image(const struct image *image)
{
    static struct list list;
    struct trace_reader *reader, *fresh;
    assert_int_equal(trace_reader_open_bytes(image->bytes, image->size, &reader, NULL), STATUS_OK);
    read_on(reader, &list);
    for (uint64_t event = 0; event < list.events + 3; event++) {
        check_seek(reader, &list, event, event % 5 == 0);
        uint64_t back = list.events + 2 - event;
        check_seek(reader, &list, back, false);
        assert_int_equal(trace_reader_open_bytes(image->bytes, image->size, &fresh, NULL), STATUS_OK);
        check_seek(fresh, &list, back, false);
        trace_reader_close(fresh);
    }
    check_seek(reader, &list, UINT64_MAX, true);
    check_seek(reader, &list, 0, true);
    trace_reader_close(reader);
}

static struct image make(const struct forge *forge, uint32_t per_chunk, enum trace_end_reason reason)
{
    char path[64] = "/tmp/warrant-seek-XXXXXX";
    struct image image;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    forge_file(forge, path, per_chunk, reason);
    image_load(path, &image);
    unlink(path);
    return image;
}

static void put_between(struct forge *forge, uint64_t number)
{
    struct trace_event_state state = { .head = { .words = sizeof state / 8, .type = TRACE_EVENT_STATE },
                                       .digest = 1000 + number,
                                       .instructions = number };
    struct trace_event_growth growth = { .head = { .words = sizeof growth / 8, .type = TRACE_EVENT_GROWTH },
                                         .amount = 1,
                                         .number = number };
    forge_raw(forge, &state, sizeof state);
    forge_raw(forge, &growth, sizeof growth);
}

/* Calls with states and growths between them, and an EXIT. */
static void fill(struct forge *forge, uint64_t calls)
{
    forge_init(forge);
    for (uint64_t i = 0; i < calls; i += 4) {
        forge_calls(forge, i, 4, false);
        put_between(forge, i);
    }
    forge_exit(forge);
}

static const uint32_t sizes[] = { 1, 2, 3, 5, 7, 100000 };

static void test_every_event(void **state)
{
    (void)state;
    struct forge forge;
    fill(&forge, 12);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct image image = make(&forge, sizes[i], TRACE_END_CLEAN);
        check_image(&image);
        image_done(&image);
    }
    forge_done(&forge);
}

/* Ends inside a call, with and without an EXIT there. */
static void test_ends_inside_a_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (unsigned ends = 0; ends < 2; ends++) {
            struct forge forge;
            forge_init(&forge);
            forge_calls(&forge, 0, 9, false);
            forge_cut(&forge, forge.count - 1); /* the END of the last */
            if (ends)
                forge_exit(&forge);
            struct image image = make(&forge, sizes[i], ends ? TRACE_END_CLEAN : TRACE_END_GUEST_DIED);
            check_image(&image);
            image_done(&image);
            forge_done(&forge);
        }
}

static void test_nothing_called(void **state)
{
    (void)state;
    struct forge forge;
    forge_init(&forge);
    struct image image = make(&forge, 1, TRACE_END_GUEST_DIED);
    check_image(&image);
    image_done(&image);
    forge_done(&forge);
}

/* What lies behind the valid prefix is never reached, by whichever way. */
static void test_truncated_and_corrupt(void **state)
{
    (void)state;
    enum { PREAMBLE = 3 };
    struct forge forge;
    fill(&forge, 8);
    struct image whole = make(&forge, 4, TRACE_END_CLEAN);
    assert_true(whole.chunks > 8);
    for (size_t chunk = PREAMBLE; chunk < whole.chunks; chunk++)
        for (unsigned how = 0; how < 5; how++) {
            struct image image = whole;
            image.bytes = malloc(whole.size + 64);
            assert_non_null(image.bytes);
            memcpy(image.bytes, whole.bytes, whole.size);
            size_t at = whole.chunk[chunk], body = at + sizeof(struct trace_chunk_header);
            if (how == 0)
                image.size = at; /* between chunks */
            else if (how == 1)
                image.size = at + 40; /* in a header */
            else if (how == 2)
                image.size = body + 1; /* in a body */
            else if (how == 3)
                image.bytes[body + 2] ^= 0x10;
            else
                image_remove(&image, chunk);
            check_image(&image);
            image_done(&image);
        }
    image_done(&whole);
    forge_done(&forge);
}

/* The item is the same, however often it is looked at, and still the next. */
static void test_peek(void **state)
{
    (void)state;
    static struct list list;
    struct forge forge;
    fill(&forge, 12);
    forge_cut(&forge, forge.count - 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct image image = make(&forge, sizes[i], TRACE_END_GUEST_DIED);
        struct trace_reader *reader;
        struct item item;
        assert_int_equal(trace_reader_open_bytes(image.bytes, image.size, &reader, NULL), STATUS_OK);
        read_on(reader, &list);
        assert_int_equal(trace_reader_seek(reader, 0, NULL), STATUS_OK);
        for (size_t k = 0; k < list.count; k++) {
            enum trace_item_kind kind;
            struct trace_exit last;
            for (unsigned times = 0; times < 2; times++) {
                assert_int_equal(trace_reader_peek(reader, &kind, &call, &last, NULL), STATUS_OK);
                item = item_of(reader, kind, &last);
                assert_item(&item, &list.item[k], "peek", list.item[k].first);
            }
            if (k % 3 == 2) { /* a peek does not bind */
                assert_int_equal(trace_reader_seek(reader, list.item[k].last, NULL), STATUS_OK);
            }
            assert_int_equal(take(reader, &item), STATUS_OK);
            assert_item(&item, &list.item[k], "next", list.item[k].first);
        }
        enum trace_item_kind kind;
        struct trace_exit last;
        assert_int_equal(trace_reader_peek(reader, &kind, &call, &last, NULL), STATUS_NOT_FOUND);
        assert_end(reader, &list);
        trace_reader_close(reader);
        image_done(&image);
    }
    forge_done(&forge);
}

/* Made at any item, peeked or not, and at the end: it reads what is left, and neither disturbs the other. */
static void test_clone(void **state)
{
    (void)state;
    static struct list list;
    struct forge forge;
    fill(&forge, 12);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct image image = make(&forge, sizes[i], TRACE_END_CLEAN);
        struct trace_reader *reader, *clone;
        struct item item;
        assert_int_equal(trace_reader_open_bytes(image.bytes, image.size, &reader, NULL), STATUS_OK);
        read_on(reader, &list);
        assert_int_equal(trace_reader_seek(reader, 0, NULL), STATUS_OK);
        for (size_t k = 0; k <= list.count; k++) {
            enum trace_item_kind kind;
            struct trace_exit last;
            if (k % 2 && k < list.count)
                assert_int_equal(trace_reader_peek(reader, &kind, &call, &last, NULL), STATUS_OK);
            assert_int_equal(trace_reader_clone(reader, &clone, NULL), STATUS_OK);
            size_t size;
            uint64_t module;
            assert_memory_equal(trace_reader_description(clone, &size), "description", 11);
            assert_memory_equal(trace_reader_run_id(clone), trace_reader_run_id(reader), TRACE_RUN_ID);
            assert_true(trace_reader_has_module(clone, &module));
            for (size_t left = k; left < list.count; left++) {
                assert_int_equal(take(clone, &item), STATUS_OK);
                assert_item(&item, &list.item[left], "clone", list.item[left].first);
            }
            assert_end(clone, &list);
            check_seek(clone, &list, list.events / 2, true);
            trace_reader_close(clone);
            if (k == list.count)
                break;
            assert_int_equal(take(reader, &item), STATUS_OK);
            assert_item(&item, &list.item[k], "cloned", list.item[k].first);
        }
        assert_end(reader, &list);
        assert_int_equal(trace_reader_clone(reader, &clone, NULL), STATUS_OK);
        assert_end(clone, &list);
        trace_reader_close(clone);
        trace_reader_close(reader);
        image_done(&image);
    }
    forge_done(&forge);
}

/* More chunks than the index has marks: they thin out, and every event is found all the same. */
static void test_index_is_bounded(void **state)
{
    (void)state;
    static struct list list;
    struct forge forge;
    struct trace_reader *reader, *fresh;
    fill(&forge, 600);
    assert_true(forge.count > 2 * TRACE_INDEX_MARKS);
    struct image image = make(&forge, 1, TRACE_END_CLEAN);
    assert_int_equal(trace_reader_open_bytes(image.bytes, image.size, &reader, NULL), STATUS_OK);
    read_on(reader, &list);
    assert_true(reader->index.every >= 4);
    assert_true(reader->index.count <= TRACE_INDEX_MARKS);
    for (uint32_t i = 0; i < reader->index.count; i++)
        assert_int_equal(reader->index.mark[i].events, i * (uint64_t)reader->index.every);
    for (uint64_t event = 0; event < list.events; event += 11)
        check_seek(reader, &list, list.events - 1 - event, false);
    assert_int_equal(trace_reader_open_bytes(image.bytes, image.size, &fresh, NULL), STATUS_OK);
    check_seek(fresh, &list, list.events - 1, false);
    assert_memory_equal(&fresh->index, &reader->index, sizeof fresh->index);
    trace_reader_close(fresh);
    trace_reader_close(reader);
    image_done(&image);
    forge_done(&forge);
}

/* Chunks that are passed over are not expanded: an event that is not valid there is met by who reads it alone. */
static void test_passing_over_decodes_nothing(void **state)
{
    (void)state;
    static struct list list;
    struct forge forge;
    struct trace_reader *reader;
    struct item item;
    uint8_t no_event[16] = { 2, 0, 99 };
    forge_init(&forge);
    forge_calls(&forge, 0, 4, false);
    uint64_t bad = forge.count;
    forge_raw(&forge, no_event, sizeof no_event);
    forge_calls(&forge, 4, 4, false);
    struct image image = make(&forge, 1, TRACE_END_GUEST_DIED);
    assert_int_equal(trace_reader_open_bytes(image.bytes, image.size, &reader, NULL), STATUS_OK);
    read_on(reader, &list);
    assert_int_equal(list.next, STATUS_MALFORMED);
    assert_int_equal(trace_reader_seek(reader, bad, NULL), STATUS_OK);
    assert_int_equal(take(reader, &item), STATUS_MALFORMED);
    assert_int_equal(trace_reader_seek(reader, bad + 1, NULL), STATUS_OK);
    assert_int_equal(take(reader, &item), STATUS_OK);
    assert_int_equal(item.first, bad + 1);
    trace_reader_close(reader);
    image_done(&image);
    forge_done(&forge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_event),
        cmocka_unit_test(test_ends_inside_a_call),
        cmocka_unit_test(test_nothing_called),
        cmocka_unit_test(test_truncated_and_corrupt),
        cmocka_unit_test(test_peek),
        cmocka_unit_test(test_clone),
        cmocka_unit_test(test_index_is_bounded),
        cmocka_unit_test(test_passing_over_decodes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
