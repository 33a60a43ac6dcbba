/* Signatures of traces and witness files: keys, and what is signed. A file ends with a SIGNATURE chunk where its writer
 * held a key; it names the file whole (chain, tree of hashes, run, description), so that nothing of it can be changed,
 * cut off or moved to another run. docs/trace-format.md, SIGNATURE; docs/threat-model.md, Keys. */
#ifndef WARRANT_TRACER_SIGNATURE_H
#define WARRANT_TRACER_SIGNATURE_H

#include "tracer/trace.h"

enum { TRACE_KEY = 32, TRACE_KEY_SECRET = 64, TRACE_KEY_ID = 32, TRACE_SIGNATURE = 64, TRACE_KEY_FILE_MAX = 4096 };

/* Who signs. Each signs under a domain of its own, so that neither signature can be passed off as the other. */
enum trace_signer { TRACE_SIGNER_RECORDER = 1, TRACE_SIGNER_WITNESS = 2 };

/* What is signed, as it is stored. */
struct trace_statement {
    uint32_t signer; /* enum trace_signer */
    uint32_t reserved;
    uint8_t run_id[TRACE_RUN_ID];
    uint64_t chunks;                 /* before the SIGNATURE, the END among them */
    uint64_t events;                 /* of a witness file: records */
    uint8_t end[TRACE_HASH];         /* of the END chunk: the chain's head */
    uint8_t root[TRACE_HASH];        /* of the tree over the file header and those chunks */
    uint8_t description[TRACE_HASH]; /* of the DESCRIPTION's bytes */
    uint8_t key[TRACE_KEY];          /* the signer's public key */
};
/* The body of a SIGNATURE chunk. */
struct trace_signature {
    struct trace_statement statement;
    uint8_t signature[TRACE_SIGNATURE];
};

/* A key pair. Whoever has one wipes it when it is done (trace_key_done). */
struct trace_key {
    uint8_t public[TRACE_KEY], secret[TRACE_KEY_SECRET];
};
/* A new one, from the system's randomness. */
void trace_key_make(struct trace_key *ret);
void trace_key_done(struct trace_key *key); /* wipes */
/* As PEM, which openssl reads: PKCS #8 and SubjectPublicKeyInfo of RFC 8410. */
void trace_key_secret_text(const struct trace_key *key, struct buffer *out);
void trace_key_public_text(const uint8_t *public, struct buffer *out);
/* The other way. MALFORMED: no key of this kind; nothing of what was read is told. */
MUST_USE enum status trace_key_parse_secret(const void *text, size_t size, struct trace_key *ret, struct error *error);
MUST_USE enum status trace_key_parse_public(const void *text, size_t size, uint8_t *ret, struct error *error);
/* By what a key is called: SHA-256 of its SubjectPublicKeyInfo, as hexadecimal digits and NUL. */
enum { TRACE_KEY_NAME = 2 * TRACE_KEY_ID + 1 };
void trace_key_name(const uint8_t *public, char ret[TRACE_KEY_NAME]);

/* Fills the statement's key and signs it. */
void trace_statement_sign(const struct trace_statement *statement, const struct trace_key *key,
                          struct trace_signature *ret);
/* Whether the key that it names made it. */
bool trace_signature_holds(const struct trace_signature *signature);

/* Closes a file whose last chunk is an END with a SIGNATURE. INVALID: there is no END, or no DESCRIPTION in one chunk.
 */
MUST_USE enum status trace_file_sign(struct trace_file *file, enum trace_signer signer, const struct trace_key *key,
                                     uint64_t events, struct error *error);
bool trace_file_is_ended(const struct trace_file *file);

/* Of a file that was read from its start to its end: OK: *ret is its signature, made by the key that it names, of this
 * file as it was read. NOT_FOUND: it has none. CORRUPT: it has one that is not of this file, or was not made by that
 * key; *ret is what stands there, and the text says what does not fit. description: the DESCRIPTION's bytes. */
MUST_USE enum status trace_source_signature(const struct trace_source *source, enum trace_signer signer,
                                            const void *description, size_t description_size, uint64_t events,
                                            struct trace_signature *ret, struct error *error);
/* The same of the readers. */
MUST_USE enum status trace_reader_signature(const struct trace_reader *reader, struct trace_signature *ret,
                                            struct error *error);
/* Whether one stands in the file by now, by the chunks' headers alone. */
bool trace_reader_signature_ahead(const struct trace_reader *reader);
struct witness_reader;
MUST_USE enum status witness_reader_signature(const struct witness_reader *reader, struct trace_signature *ret,
                                              struct error *error);

#endif
