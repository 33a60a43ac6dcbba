/* What this engine does not take, in words, and the way out: files that are no module, and proposals that are not
 * built.
 *
 * Invariant: a tool is named only where it does what the text says (binaryen's wasm-opt 132 and wasm-tools 1.262 were
 * tried); where nothing translates a proposal, the text says what to compile without. Reads the first bytes only. */
#include "runtime/foreign.h"

#include <stdbool.h>
#include <string.h>

#include "runtime/rt.h"

const char *foreign_proposal_advice(const char *proposal)
{
    static const struct {
        const char *proposal, *advice;
    } rows[] = {
        { "component model", "this is a component; compile for wasm32-wasip1 instead, or, where it was made of such a "
                             "module, take that out "
                             "with `wasm-tools component unbundle --module-dir DIR`" },
        { "exception handling", "compile without exceptions (clang: -fno-exceptions; Rust: panic=abort), or `wasm-opt "
                                "--strip-eh`, after which each throw traps" },
        { "memory64", "compile for wasm32, or `wasm-opt --enable-memory64 --memory64-lowering`" },
        { "threads", "compile without -pthread, for wasm32-wasip1; no tool translates it" },
        { "shared-everything threads", "compile without it; no tool translates it" },
        { "garbage collection", "it needs a compiler that targets linear memory; no tool translates it" },
        { "function references", "compile without it; no tool translates it" },
        { "reference-typed strings", "compile without it" },
        { "relaxed SIMD", "compile without -mrelaxed-simd; no tool translates it" },
        { "stack switching", "compile without it; no tool translates it" },
        { "wide arithmetic", "compile without -mwide-arithmetic" },
        { "custom page sizes", "use pages of 64 KiB" },
        { "custom descriptors", "compile without it; no tool translates it" },
        { "compact import section", "write the module with a tool that does not use it" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].proposal, proposal))
            return rows[i].advice;
    return NULL;
}

struct look {
    const uint8_t *at, *end;
};

static bool is_blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* Behind blanks and comments of the text format. */
static void skip_blanks(struct look *l)
{
    while (l->at < l->end) {
        if (is_blank(*l->at)) {
            l->at++;
        } else if (l->end - l->at > 1 && !memcmp(l->at, ";;", 2)) {
            const uint8_t *line = memchr(l->at, '\n', (size_t)(l->end - l->at));
            l->at = line ? line : l->end;
        } else if (l->end - l->at > 1 && !memcmp(l->at, "(;", 2)) {
            const uint8_t *end = memmem(l->at, (size_t)(l->end - l->at), ";)", 2);
            l->at = end ? end + 2 : l->end;
        } else {
            return;
        }
    }
}

static bool is_text(const struct look *l, const char *word)
{
    struct look after = *l;
    size_t length = strlen(word);
    if (after.at >= after.end || *after.at != '(')
        return false;
    after.at++;
    skip_blanks(&after);
    return (size_t)(after.end - after.at) >= length && !memcmp(after.at, word, length);
}

const char *rt_module_refusal(const void *bytes, size_t size)
{
    static const struct {
        const char *magic;
        size_t size;
        const char *text;
    } kinds[] = {
        { "\x1f\x8b", 2, "it is compressed with gzip; unpack it first (`gunzip`)" },
        { "\x28\xb5\x2f\xfd", 4, "it is compressed with zstd; unpack it first (`unzstd`)" },
        { "\xfd"
          "7zXZ",
          5, "it is compressed with xz; unpack it first (`unxz`)" },
        { "BZh", 3, "it is compressed with bzip2; unpack it first (`bunzip2`)" },
        { "PK\3\4", 4, "it is a zip archive; unpack it first (`unzip`)" },
        { "\x7f"
          "ELF",
          4, "it is a native program or object (ELF); compile it for wasm32-wasip1" },
        { "\xcf\xfa\xed\xfe", 4, "it is a native program or object (Mach-O); compile it for wasm32-wasip1" },
        { "MZ", 2, "it is a native program (PE); compile it for wasm32-wasip1" },
        { "BC\xc0\xde", 4, "it is LLVM bitcode; link it for wasm32-wasip1" },
        { "!<arch>\n", 8, "it is an archive of objects; link it into a module" },
        { "#!", 2, "it is a script; give the module that it starts" },
        { "\x89WRT\r\n\x1a\n", 8, "it is a trace of warrant; `warrant replay` executes its guest again" },
        { "SQLite format 3", 16, "it is a database; `warrant query` reads those that `warrant check --db` made" },
    };
    if (size == 0)
        return "it is empty";
    struct look l = { bytes, (const uint8_t *)bytes + size };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (size >= kinds[i].size && !memcmp(bytes, kinds[i].magic, kinds[i].size))
            return kinds[i].text;
    skip_blanks(&l);
    if (is_text(&l, "module"))
        return "it is WebAssembly text; make a module of it first (`wat2wasm`)";
    if (is_text(&l, "component"))
        return "it is the text of a component; write a core module, for wasm32-wasip1";
    size_t compared = size < 4 ? size : 4;
    if (memcmp(bytes, "\0asm", compared) != 0)
        return "it does not begin with a NUL and \"asm\"";
    return size < 8 ? "it ends within its first 8 bytes" : NULL;
}
