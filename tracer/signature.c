/* Signs a statement about a file, and holds one against the file that was read.
 *
 * Invariants: what is signed begins with the signer's domain, of a fixed length, and nothing else that this key signs
 * begins so; a signature counts only together with the chain's head as it was read, which stands for every byte before
 * it. Whether its key is trusted is the checker's matter. docs/trace-format.md, SIGNATURE. */
#include "tracer/signature.h"

#include <sodium.h>
#include <string.h>

#include "tracer/container_inner.h"

static_assert(sizeof(struct trace_statement) == 168 && sizeof(struct trace_signature) == 232 &&
                  offsetof(struct trace_statement, end) == 40,
              "docs/trace-format.md, SIGNATURE");

/* 32 bytes each, filled up with zeros. */
enum { DOMAIN_BYTES = 32 };
static const char domains[][DOMAIN_BYTES] = {
    [TRACE_SIGNER_RECORDER] = "warrant trace 1 recorder", [TRACE_SIGNER_WITNESS] = "warrant trace 1 witness"
};

static void message_put(const struct trace_statement *statement, uint8_t *ret)
{
    memcpy(ret, domains[statement->signer], DOMAIN_BYTES);
    memcpy(ret + DOMAIN_BYTES, statement, sizeof *statement);
}

void trace_statement_sign(const struct trace_statement *statement, const struct trace_key *key,
                          struct trace_signature *ret)
{
    uint8_t message[DOMAIN_BYTES + sizeof *statement];
    ret->statement = *statement;
    memcpy(ret->statement.key, key->public, TRACE_KEY);
    message_put(&ret->statement, message);
    crypto_sign_detached(ret->signature, NULL, message, sizeof message, key->secret);
}

bool trace_signature_holds(const struct trace_signature *signature)
{
    uint8_t message[DOMAIN_BYTES + sizeof signature->statement];
    const struct trace_statement *statement = &signature->statement;
    if (statement->signer != TRACE_SIGNER_RECORDER && statement->signer != TRACE_SIGNER_WITNESS)
        return false;
    message_put(statement, message);
    return crypto_sign_verify_detached(signature->signature, message, sizeof message, statement->key) == 0;
}

/* What of the statement is not so; NULL: all of it is. */
static const char *misfit(const struct trace_source *source, const struct trace_statement *statement,
                          enum trace_signer signer, const uint8_t *description, uint64_t events)
{
    uint8_t root[TRACE_HASH];
    if (statement->signer != (uint32_t)signer)
        return "another signer's";
    if (memcmp(statement->run_id, source->run_id, TRACE_RUN_ID) != 0)
        return "another run's";
    if (memcmp(statement->description, description, TRACE_HASH) != 0)
        return "made over another description";
    if (statement->chunks != source->tree.count - 1 || statement->events != events)
        return "made over a file of another length";
    if (memcmp(statement->end, source->signed_end, TRACE_HASH) != 0)
        return "made over other chunks";
    trace_tree_root(&source->tree, root);
    return memcmp(statement->root, root, TRACE_HASH) == 0 ? NULL : "made over another tree of chunks";
}

enum status trace_source_signature(const struct trace_source *source, enum trace_signer signer, const void *description,
                                   size_t description_size, uint64_t events, struct trace_signature *ret,
                                   struct error *error)
{
    uint8_t hash[TRACE_HASH];
    if (!source->is_signed)
        return error_set(error, STATUS_NOT_FOUND, "it has no signature");
    *ret = source->signature;
    crypto_generichash(hash, sizeof hash, description, description_size, NULL, 0);
    const char *why = misfit(source, &ret->statement, signer, hash, events);
    if (why)
        return error_set(error, STATUS_CORRUPT, "its signature is %s", why);
    if (!trace_signature_holds(ret))
        return error_set(error, STATUS_CORRUPT, "its signature was not made by the key that it names");
    return STATUS_OK;
}
