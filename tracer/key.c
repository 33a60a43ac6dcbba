/* Ed25519 keys as files: PEM of RFC 8410, of which the DER is fixed but for the key itself, so that nothing of ASN.1 is
 * parsed. Any other kind of key, and a second key in one file, is refused.
 *
 * Leaves out: keys under a passphrase; where keys may lie (cli/launch_keys.c). */
#include "tracer/signature.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static_assert(TRACE_KEY == crypto_sign_PUBLICKEYBYTES && TRACE_KEY_SECRET == crypto_sign_SECRETKEYBYTES &&
                  TRACE_SIGNATURE == crypto_sign_BYTES && TRACE_KEY == crypto_sign_SEEDBYTES &&
                  TRACE_KEY_ID == crypto_hash_sha256_BYTES,
              "Ed25519, SHA-256");

/* A kind of PEM: its label, and the DER in front of the 32 bytes of the key. */
struct form {
    const char *begin, *end;
    uint8_t prefix[16];
    size_t prefix_size;
};
static const struct form secret_form = {
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 },
    16,
};
static const struct form public_form = {
    "-----BEGIN PUBLIC KEY-----",
    "-----END PUBLIC KEY-----",
    { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 },
    12,
};
enum { DER_MAX = 16 + TRACE_KEY, BASE64_MAX = 96 };
static_assert(sodium_base64_ENCODED_LEN(DER_MAX, sodium_base64_VARIANT_ORIGINAL) <= BASE64_MAX, "room for a key");

static void form_put(const struct form *form, const uint8_t *key, struct buffer *out)
{
    uint8_t der[DER_MAX];
    char text[BASE64_MAX];
    memcpy(der, form->prefix, form->prefix_size);
    memcpy(der + form->prefix_size, key, TRACE_KEY);
    sodium_bin2base64(text, sizeof text, der, form->prefix_size + TRACE_KEY, sodium_base64_VARIANT_ORIGINAL);
    buffer_printf(out, "%s\n%s\n%s\n", form->begin, text, form->end);
    sodium_memzero(der, sizeof der);
    sodium_memzero(text, sizeof text);
}

/* Takes `word` at *at, and moves behind it. */
static bool take(const char **at, const char *end, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(end - *at) < length || memcmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

static void skip_space(const char **at, const char *end)
{
    while (*at < end && **at && strchr(" \t\r\n", **at))
        ++*at;
}

static bool form_get(const struct form *form, const void *text, size_t size, uint8_t *ret)
{
    const char *at = text, *end = at + size;
    uint8_t der[DER_MAX];
    size_t got = 0;
    skip_space(&at, end);
    bool good = take(&at, end, form->begin) &&
                sodium_base642bin(der, sizeof der, at, (size_t)(end - at), "\r\n", &got, &at,
                                  sodium_base64_VARIANT_ORIGINAL) == 0 &&
                take(&at, end, form->end);
    skip_space(&at, end);
    good =
        good && at == end && got == form->prefix_size + TRACE_KEY && memcmp(der, form->prefix, form->prefix_size) == 0;
    if (good)
        memcpy(ret, der + form->prefix_size, TRACE_KEY);
    sodium_memzero(der, sizeof der);
    return good;
}

void trace_key_make(struct trace_key *ret) { crypto_sign_keypair(ret->public, ret->secret); }

void trace_key_done(struct trace_key *key) { sodium_memzero(key, sizeof *key); }

void trace_key_secret_text(const struct trace_key *key, struct buffer *out)
{
    uint8_t seed[TRACE_KEY];
    crypto_sign_ed25519_sk_to_seed(seed, key->secret);
    form_put(&secret_form, seed, out);
    sodium_memzero(seed, sizeof seed);
}

void trace_key_public_text(const uint8_t *public, struct buffer *out) { form_put(&public_form, public, out); }

enum status trace_key_parse_secret(const void *text, size_t size, struct trace_key *ret, struct error *error)
{
    uint8_t seed[TRACE_KEY];
    if (!form_get(&secret_form, text, size, seed))
        return error_set(
            error, STATUS_MALFORMED,
            "no private key of Ed25519 in PEM (PKCS #8, without a passphrase); `warrant keygen` makes one");
    crypto_sign_seed_keypair(ret->public, ret->secret, seed);
    sodium_memzero(seed, sizeof seed);
    return STATUS_OK;
}

enum status trace_key_parse_public(const void *text, size_t size, uint8_t *ret, struct error *error)
{
    if (form_get(&public_form, text, size, ret))
        return STATUS_OK;
    return error_set(error, STATUS_MALFORMED,
                     "no public key of Ed25519 in PEM; `warrant keygen FILE` writes one to FILE.pub");
}

void trace_key_name(const uint8_t *public, char ret[TRACE_KEY_NAME])
{
    uint8_t der[DER_MAX], hash[TRACE_KEY_ID];
    memcpy(der, public_form.prefix, public_form.prefix_size);
    memcpy(der + public_form.prefix_size, public, TRACE_KEY);
    crypto_hash_sha256(hash, der, public_form.prefix_size + TRACE_KEY);
    sodium_bin2hex(ret, TRACE_KEY_NAME, hash, sizeof hash);
}
