/* A signed trace holds what it promises: whatever is done to it afterwards, by somebody who makes every checksum and
 * the whole chain fit again, its signature is gone or is not of it. */
#include "trace_white_forge.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tracer/signature.h"
#include "tracer/tree.h"

enum { PREAMBLE = 3, EVENT_CHUNKS = 6 /* about */ }; /* DESCRIPTION, two of MODULE; EVENTS; then END and SIGNATURE */

static struct image good;

static void make_image(struct image *ret, uint8_t key_seed, uint64_t calls)
{
    char path[64] = "/tmp/warrant-signature-XXXXXX";
    int fd = mkstemp(path);
    struct forge forge;
    struct trace_key key;
    assert_true(fd >= 0);
    close(fd);
    forge_init(&forge);
    forge_calls(&forge, 0, calls, false);
    forge_exit(&forge);
    forge_key(key_seed, &key);
    forge_signed_file(&forge, path, (uint32_t)((forge.count + EVENT_CHUNKS - 1) / EVENT_CHUNKS), TRACE_END_CLEAN, &key);
    forge_done(&forge);
    image_load(path, ret);
    unlink(path);
}

static int make_good(void **state)
{
    (void)state;
    make_image(&good, 1, 12);
    return 0;
}

static int drop_good(void **state)
{
    (void)state;
    image_done(&good);
    return 0;
}

static struct image copy_good(void)
{
    struct image copy = good;
    copy.bytes = malloc(good.size + 512);
    assert_non_null(copy.bytes);
    memcpy(copy.bytes, good.bytes, good.size);
    return copy;
}

/* Reads all of it, and then its signature. *ret_whole: what reading came to. */
static enum status read_signature(const struct image *image, enum status *ret_whole, struct trace_signature *ret,
                                  struct error *error)
{
    static struct trace_call call;
    struct trace_exit last;
    struct trace_reader *reader;
    struct trace_end end;
    enum trace_item_kind kind;
    bool inside;
    uint8_t *copy = malloc(image->size);
    assert_non_null(copy);
    memcpy(copy, image->bytes, image->size);
    enum status status = STATUS_INTERNAL;
    *ret_whole = trace_reader_open_bytes(copy, image->size, &reader, NULL);
    if (*ret_whole == STATUS_OK) {
        while ((*ret_whole = trace_reader_next(reader, &kind, &call, &last, NULL)) == STATUS_OK) {
        }
        if (*ret_whole == STATUS_NOT_FOUND)
            *ret_whole = trace_reader_stop(reader, &end, &inside, NULL);
        status = trace_reader_signature(reader, ret, error);
        trace_reader_close(reader);
    }
    free(copy);
    return status;
}

/* The signature must be found not to be of this file, with `words` in the message. */
static void assert_refused(const struct image *image, const char *words)
{
    struct trace_signature signature;
    struct error error = ERROR_INIT;
    enum status whole, status = read_signature(image, &whole, &signature, &error);
    if (status != STATUS_CORRUPT || !strstr(error.text, words))
        fail_msg("%s, expected \"%s\": %s", status_text(status), words, error.text);
}

/* The body of the last chunk, at no aligned place. */
static uint8_t *signature_of(const struct image *image)
{
    return image->bytes + image->chunk[image->chunks - 1] + sizeof(struct trace_chunk_header);
}

static struct trace_signature signature_get(const struct image *image)
{
    struct trace_signature signature;
    memcpy(&signature, signature_of(image), sizeof signature);
    return signature;
}

static void signature_put(struct image *image, const struct trace_signature *signature)
{
    memcpy(signature_of(image), signature, sizeof *signature);
    image_reseal(image, 0, true);
}

/* ---- the tree ---- */

/* RFC 6962, section 2.1, as it is written there. */
static void tree_hash(uint8_t (*leaf)[TRACE_HASH], size_t count, uint8_t *ret)
{
    uint8_t left[TRACE_HASH], right[TRACE_HASH], bytes[1 + 2 * TRACE_HASH] = { 1 };
    size_t k = 1;
    if (count == 1) {
        memcpy(ret, leaf[0], TRACE_HASH);
        return;
    }
    while (2 * k < count)
        k *= 2;
    tree_hash(leaf, k, left);
    tree_hash(leaf + k, count - k, right);
    memcpy(bytes + 1, left, TRACE_HASH);
    memcpy(bytes + 1 + TRACE_HASH, right, TRACE_HASH);
    crypto_generichash(ret, TRACE_HASH, bytes, sizeof bytes, NULL, 0);
}

static void test_tree_is_the_one_of_rfc_6962(void **state)
{
    (void)state;
    enum { LEAVES = 70 };
    static uint8_t leaf[LEAVES][TRACE_HASH];
    struct trace_tree tree = { 0 };
    uint8_t root[TRACE_HASH], expected[TRACE_HASH];
    for (size_t count = 1; count <= LEAVES; count++) {
        crypto_generichash(leaf[count - 1], TRACE_HASH, (const uint8_t *)&count, sizeof count, NULL, 0);
        trace_tree_add(&tree, leaf[count - 1]);
        trace_tree_root(&tree, root);
        tree_hash(leaf, count, expected);
        assert_memory_equal(root, expected, sizeof root);
    }
}

/* ---- keys ---- */

static void test_keys_as_text(void **state)
{
    (void)state;
    struct trace_key key, back;
    struct buffer secret = BUFFER_INIT, public = BUFFER_INIT;
    uint8_t got[TRACE_KEY];
    trace_key_make(&key);
    trace_key_secret_text(&key, &secret);
    trace_key_public_text(key.public, &public);
    assert_int_equal(trace_key_parse_secret(secret.data, secret.size, &back, NULL), STATUS_OK);
    assert_memory_equal(&key, &back, sizeof key);
    assert_int_equal(trace_key_parse_public(public.data, public.size, got, NULL), STATUS_OK);
    assert_memory_equal(got, key.public, sizeof got);
    /* Neither is taken for the other; nothing shorter, longer or otherwise changed is a key. */
    assert_int_equal(trace_key_parse_secret(public.data, public.size, &back, NULL), STATUS_MALFORMED);
    assert_int_equal(trace_key_parse_public(secret.data, secret.size, got, NULL), STATUS_MALFORMED);
    for (size_t size = 0; size + 1 < public.size; size++)
        assert_int_equal(trace_key_parse_public(public.data, size, got, NULL), STATUS_MALFORMED);
    for (size_t at = 0; at < 40; at++) { /* the label, and the DER that says which kind of key it is */
        public.data[at] ^= 1;
        assert_int_equal(trace_key_parse_public(public.data, public.size, got, NULL), STATUS_MALFORMED);
        public.data[at] ^= 1;
    }
    struct buffer twice = BUFFER_INIT;
    buffer_bytes(&twice, public.data, public.size);
    buffer_bytes(&twice, public.data, public.size);
    assert_int_equal(trace_key_parse_public(twice.data, twice.size, got, NULL), STATUS_MALFORMED);
    buffer_done(&twice);
    buffer_done(&secret);
    buffer_done(&public);
}

/* ---- a signed file ---- */

static void test_signed(void **state)
{
    (void)state;
    struct trace_signature signature;
    struct trace_key key;
    enum status whole;
    assert_int_equal(read_signature(&good, &whole, &signature, NULL), STATUS_OK);
    assert_int_equal(whole, STATUS_OK);
    forge_key(1, &key);
    assert_memory_equal(signature.statement.key, key.public, TRACE_KEY);
    assert_int_equal(signature.statement.chunks, good.chunks - 1);
}

static void test_every_change_is_found(void **state)
{
    (void)state;
    for (size_t chunk = 0; chunk + 1 < good.chunks; chunk++) {
        struct trace_signature signature;
        enum status whole;
        struct image spoiled = copy_good();
        struct trace_chunk_header header;
        memcpy(&header, spoiled.bytes + spoiled.chunk[chunk], sizeof header);
        spoiled.bytes[spoiled.chunk[chunk] + sizeof header + header.stored_length - 1] ^= 1;
        image_reseal(&spoiled, 0, true);
        /* Where the change makes the chunk itself invalid, the signature is not reached. */
        assert_int_not_equal(read_signature(&spoiled, &whole, &signature, NULL), STATUS_OK);
        image_done(&spoiled);
    }
}

static void test_every_byte_of_the_signature_counts(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof(struct trace_signature); at++) {
        struct image spoiled = copy_good();
        signature_of(&spoiled)[at] ^= 1;
        image_reseal(&spoiled, 0, true);
        assert_refused(&spoiled, "its signature");
        image_done(&spoiled);
    }
}

static void test_what_is_cut_off(void **state)
{
    (void)state;
    struct trace_signature signature;
    enum status whole;
    struct image spoiled = copy_good();
    spoiled.size = spoiled.chunk[spoiled.chunks - 1];
    assert_int_equal(read_signature(&spoiled, &whole, &signature, NULL), STATUS_NOT_FOUND);
    assert_int_equal(whole, STATUS_OK);
    for (size_t chunk = PREAMBLE; chunk + 1 < good.chunks; chunk++) {
        spoiled.size = spoiled.chunk[chunk];
        assert_int_equal(read_signature(&spoiled, &whole, &signature, NULL), STATUS_NOT_FOUND);
        assert_int_equal(whole, STATUS_TRUNCATED);
    }
    image_done(&spoiled);
}

/* A chunk of events between others is taken out, and all that counts on it is made to fit. */
static void test_what_is_taken_out(void **state)
{
    (void)state;
    struct image other;
    make_image(&other, 1, 11);
    struct image spoiled = copy_good();
    const struct trace_signature signature = signature_get(&spoiled);
    signature_put(&other, &signature);
    assert_refused(&other, "made over");
    image_done(&other);
    image_done(&spoiled);
}

static void test_another_run(void **state)
{
    (void)state;
    struct image spoiled = copy_good();
    spoiled.bytes[offsetof(struct trace_file_header, run_id)] ^= 1;
    image_reseal(&spoiled, 0, true);
    assert_refused(&spoiled, "another run's");
    /* And the statement with it. */
    struct trace_signature signature = signature_get(&spoiled);
    signature.statement.run_id[0] ^= 1;
    signature_put(&spoiled, &signature);
    assert_refused(&spoiled, "made over other chunks");
    image_done(&spoiled);
}

/* The whole statement is made to fit by who has another key, and names the first. */
static void test_another_key(void **state)
{
    (void)state;
    struct trace_key key;
    struct image spoiled = copy_good();
    struct trace_signature signature = signature_get(&spoiled), made;
    forge_key(2, &key);
    trace_statement_sign(&signature.statement, &key, &made);
    memcpy(made.statement.key, signature.statement.key, TRACE_KEY);
    signature_put(&spoiled, &made);
    assert_refused(&spoiled, "not made by the key");
    image_done(&spoiled);
}

/* A signature that the witness made over the same statement is none of the recorder's. */
static void test_another_signer(void **state)
{
    (void)state;
    struct trace_key key;
    struct image spoiled = copy_good();
    struct trace_signature made;
    struct trace_statement statement = signature_get(&spoiled).statement;
    forge_key(1, &key);
    statement.signer = TRACE_SIGNER_WITNESS;
    trace_statement_sign(&statement, &key, &made);
    assert_true(trace_signature_holds(&made));
    signature_put(&spoiled, &made);
    assert_refused(&spoiled, "another signer's");
    made.statement.signer = TRACE_SIGNER_RECORDER;
    signature_put(&spoiled, &made);
    assert_refused(&spoiled, "not made by the key");
    image_done(&spoiled);
}

static void test_where_it_stands(void **state)
{
    (void)state;
    struct error error = ERROR_INIT, again = ERROR_INIT;
    struct image spoiled = copy_good();
    spoiled.bytes[spoiled.size++] = 0;
    assert_int_equal(image_read(&spoiled, &error), STATUS_MALFORMED);
    assert_non_null(strstr(error.text, "follow the SIGNATURE"));
    image_done(&spoiled);
    spoiled = copy_good();
    image_remove(&spoiled, spoiled.chunks - 2); /* the END */
    struct trace_chunk_header header;
    size_t last = spoiled.chunk[spoiled.chunks - 1];
    memcpy(&header, spoiled.bytes + last, sizeof header);
    header.number--;
    memcpy(spoiled.bytes + last, &header, sizeof header);
    image_reseal(&spoiled, 0, true);
    assert_int_equal(image_read(&spoiled, &again), STATUS_MALFORMED);
    assert_non_null(strstr(again.text, "does not follow the END"));
    image_done(&spoiled);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_is_the_one_of_rfc_6962),
        cmocka_unit_test(test_keys_as_text),
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_every_change_is_found),
        cmocka_unit_test(test_every_byte_of_the_signature_counts),
        cmocka_unit_test(test_what_is_cut_off),
        cmocka_unit_test(test_what_is_taken_out),
        cmocka_unit_test(test_another_run),
        cmocka_unit_test(test_another_key),
        cmocka_unit_test(test_another_signer),
        cmocka_unit_test(test_where_it_stands),
    };
    return cmocka_run_group_tests(tests, make_good, drop_good);
}
