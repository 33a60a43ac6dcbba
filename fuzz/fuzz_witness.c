/* Fuzzes the reading of witness files. The first byte of the input selects what the rest is:
 *   'r'  records, one behind the other, below the container and its checksums
 *   'b'  bodies of chunks: u8 chunk kind, u16 length, bytes each, put into a container whose checksums are right
 *   'c'  a whole file
 * A record that is accepted has one stored form: encoded, decoded and encoded again it stays the same. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fuzz/scratch.h"
#include "tracer/witness_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct witness_record *record)
{
    static struct witness_room room;
    struct witness_record back;
    struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
    witness_record_encode(record, &first);
    struct cursor c = cursor_over(first.data, first.size);
    if (first.status != STATUS_OK || witness_record_decode(&c, &room, &back) != STATUS_OK || cursor_left(&c) != 0)
        abort();
    witness_record_encode(&back, &second);
    if (second.size != first.size || memcmp(first.data, second.data, first.size) != 0)
        abort();
    buffer_done(&first);
    buffer_done(&second);
}

static void read_records(const uint8_t *data, size_t size)
{
    static struct witness_room room;
    struct witness_record record;
    struct cursor c = cursor_over(data, size);
    while (cursor_left(&c) > 0) {
        size_t before = cursor_left(&c);
        if (witness_record_decode(&c, &room, &record) != STATUS_OK)
            return;
        if (cursor_left(&c) >= before)
            abort(); /* no progress */
        round_trip(&record);
    }
}

static void read_file(void)
{
    struct witness_record record;
    struct witness_reader *reader;
    struct error error = ERROR_INIT, stop = ERROR_INIT;
    if (witness_reader_open(scratch_path(), &reader, &error) != STATUS_OK) {
        if (!error.text[0])
            abort();
        return;
    }
    enum status status;
    while ((status = witness_reader_next(reader, &record, &error)) == STATUS_OK)
        round_trip(&record);
    uint64_t lost = 0;
    if (status != STATUS_NOT_FOUND && !error.text[0])
        abort(); /* a failure without a reason */
    if (witness_reader_stop(reader, &lost, &stop) != STATUS_OK && !stop.text[0])
        abort();
    if (!witness_reader_info(reader))
        abort();
    witness_reader_close(reader);
}

static void read_bodies(const uint8_t *data, size_t size)
{
    static const uint8_t run_id[TRACE_RUN_ID] = { 1 };
    struct trace_file *file;
    struct error error = ERROR_INIT;
    scratch_write("", 0);
    int fd = open(scratch_path(), O_RDWR | O_CLOEXEC);
    if (fd < 0 || trace_file_create(fd, TRACE_FILE_WITNESS, run_id, &file, &error) != STATUS_OK)
        abort();
    for (uint64_t event = 0; size >= 3; event++) {
        size_t length = data[1] | (size_t)data[2] << 8;
        length = length < size - 3 ? length : size - 3;
        if (trace_file_append(file, (enum trace_chunk_kind)(data[0] % 5), data + 3, length, event, event, 1, &error) !=
            STATUS_OK)
            break;
        data += 3 + length;
        size -= 3 + length;
    }
    trace_file_close(file);
    read_file();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    switch (data[0]) {
    case 'r':
        read_records(data + 1, size - 1);
        break;
    case 'b':
        read_bodies(data + 1, size - 1);
        break;
    case 'c':
        scratch_write(data + 1, size - 1);
        read_file();
        break;
    default:
        break;
    }
    return 0;
}
