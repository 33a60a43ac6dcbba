/* Source lines by DWARF, which elfutils' libdw reads.
 *
 * libdw wants an ELF file: one is made here in memory, with the module's .debug_* sections and nothing else. So it has
 * no other file to open, and nothing to decompress or relocate (the linker has done that). DWARF's addresses are bytes
 * of the code section's content (WebAssembly's tool conventions for DWARF). Debug information is hostile: this runs in
 * warrant-symbols alone, behind the names, and what breaks it costs the lines.
 *
 * Leaves out: functions that were inlined, whose calls are no frames of the engine's. */
#include "cli/symbols_module.h"

#include "replay/coverage.h"

#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, SECTIONS = SYMBOLS_DEBUG_COUNT + 2 /* none, and the names */ };

/* Where a section's bytes go, or a name. */
struct image {
    uint8_t *bytes;
    size_t size, at;
};

static uint32_t image_put(struct image *image, const void *bytes, size_t size)
{
    const size_t at = (image->at + ALIGN - 1) / ALIGN * ALIGN;
    memcpy(image->bytes + at, bytes, size);
    image->at = at + size;
    return (uint32_t)at;
}

/* The ELF file; bytes NULL: no memory, or it has more bytes than such a file can. */
static struct image image_make(const struct symbols_module *module)
{
    Elf32_Shdr section[SECTIONS] = { { 0 } };
    char names[512] = "";
    size_t used = 1, total = sizeof(Elf32_Ehdr) + sizeof section + sizeof names + (SECTIONS + 2) * (size_t)ALIGN;
    struct image image = { .at = sizeof(Elf32_Ehdr) };
    Elf32_Ehdr head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
                        .e_type = ET_EXEC,
                        .e_machine = EM_NONE,
                        .e_version = EV_CURRENT,
                        .e_ehsize = sizeof head,
                        .e_shentsize = sizeof section[0],
                        .e_shnum = SECTIONS,
                        .e_shstrndx = SECTIONS - 1 };
    for (unsigned i = 0; i < SYMBOLS_DEBUG_COUNT; i++)
        total += module->debug[i].size;
    if (total > INT32_MAX)
        return image;
    image.size = total;
    image.bytes = calloc(1, total);
    if (!image.bytes)
        return image;
    for (unsigned i = 0; i < SYMBOLS_DEBUG_COUNT; i++) {
        const char *name = symbols_debug_name((enum symbols_debug)i);
        if (!module->debug[i].bytes)
            continue;
        section[i + 1] = (Elf32_Shdr) { .sh_name = (Elf32_Word)used,
                                        .sh_type = SHT_PROGBITS,
                                        .sh_offset = image_put(&image, module->debug[i].bytes, module->debug[i].size),
                                        .sh_size = (Elf32_Word)module->debug[i].size,
                                        .sh_addralign = 1 };
        used += (size_t)snprintf(names + used, sizeof names - used, "%s", name) + 1;
    }
    const size_t own = used;
    used += (size_t)snprintf(names + used, sizeof names - used, ".shstrtab") + 1;
    section[SECTIONS - 1] = (Elf32_Shdr) { .sh_name = (Elf32_Word)own,
                                           .sh_type = SHT_STRTAB,
                                           .sh_offset = image_put(&image, names, used),
                                           .sh_size = (Elf32_Word)used,
                                           .sh_addralign = 1 };
    head.e_shoff = image_put(&image, section, sizeof section);
    memcpy(image.bytes, &head, sizeof head);
    return image;
}

/* libdw wants to know the name of its file, which here has none; the process may not ask the system for one. The linker
 * puts this in the place of realpath (CMakeLists.txt). */
char *__wrap_realpath(const char *path, char *resolved);
char *__wrap_realpath(const char *path, char *resolved)
{
    (void)path;
    (void)resolved;
    errno = ENOENT;
    return NULL;
}

static void line_take(Dwarf_Line *line, struct crash_frame *frame)
{
    const char *file = dwarf_linesrc(line, NULL, NULL);
    int number = 0;
    if (!file || dwarf_lineno(line, &number) != 0 || number <= 0)
        return;
    snprintf(frame->file, sizeof frame->file, "%s", file);
    frame->line = (uint32_t)number;
}

/* Asks each unit about the frames that it has code of. */
static void units_ask(Dwarf *dwarf, const struct symbols_module *module, const struct call_stack *stack,
                      struct crash_symbols *ret)
{
    const uint32_t kept = call_stack_kept(stack->depth);
    Dwarf_Off at = 0, next;
    size_t head;
    while (dwarf_nextcu(dwarf, at, &next, &head, NULL, NULL, NULL) == 0) {
        Dwarf_Die unit;
        if (dwarf_offdie(dwarf, at + head, &unit)) {
            for (uint32_t i = 0; i < kept; i++) {
                const Dwarf_Addr address = stack->place[i].offset - module->code;
                Dwarf_Line *line = NULL;
                if (ret->frame[i].line == 0 && dwarf_haspc(&unit, address) == 1)
                    line = dwarf_getsrc_die(&unit, address);
                if (line)
                    line_take(line, &ret->frame[i]);
            }
        }
        at = next;
    }
}

/* The module's debug information, opened. */
struct opened {
    struct image image;
    Elf *elf;
    Dwarf *dwarf; /* NULL: it cannot be read */
};

static bool has_lines(const struct symbols_module *module)
{
    return module->debug[SYMBOLS_DEBUG_LINE].bytes && module->debug[SYMBOLS_DEBUG_INFO].bytes && module->code > 0;
}

static struct opened open_all(const struct symbols_module *module)
{
    struct opened o = { .image = image_make(module) };
    elf_version(EV_CURRENT);
    o.elf = o.image.bytes ? elf_memory((char *)o.image.bytes, o.image.size) : NULL;
    o.dwarf = o.elf ? dwarf_begin_elf(o.elf, DWARF_C_READ, NULL) : NULL;
    return o;
}

static const char *why_not(const struct opened *o)
{
    return !o->image.bytes ? "it is too large" : o->elf ? dwarf_errmsg(-1) : elf_errmsg(-1);
}

static void close_all(struct opened *o)
{
    dwarf_end(o->dwarf);
    elf_end(o->elf);
    free(o->image.bytes);
}

void symbols_lines_find(const struct symbols_module *module, const struct call_stack *stack, struct crash_symbols *ret)
{
    if (!has_lines(module))
        return;
    struct opened o = open_all(module);
    if (o.dwarf)
        units_ask(o.dwarf, module, stack, ret);
    else
        snprintf(ret->why, sizeof ret->why, "no source lines: the module's debug information cannot be read: %s",
                 why_not(&o));
    close_all(&o);
}

/* ---- all lines ---- */

/* Files that were told last, by where libdw has their names: one that is told again costs its bytes alone. */
enum { FILES_KEPT = 32 };
struct teller {
    symbols_put_fn *put;
    void *self;
    uint32_t code;
    const char *file[FILES_KEPT];
    uint32_t number[FILES_KEPT];
    uint32_t told; /* files */
    struct buffer out;
};

static bool flush(struct teller *t)
{
    const bool taken = t->out.status == STATUS_OK && t->put(t->self, t->out.data, t->out.size);
    buffer_clear(&t->out);
    return taken;
}

static uint32_t file_number(struct teller *t, const char *file)
{
    for (uint32_t i = 0; i < FILES_KEPT; i++)
        if (t->file[i] == file)
            return t->number[i];
    const size_t size = strnlen(file, LIMIT_PATH);
    buffer_u8(&t->out, COVERAGE_FILE);
    buffer_blob(&t->out, file, size);
    t->file[t->told % FILES_KEPT] = file;
    t->number[t->told % FILES_KEPT] = t->told;
    return t->told++;
}

/* The code from one line to the next, of a sequence that goes on. */
static void line_tell(struct teller *t, Dwarf_Line *line, Dwarf_Line *next)
{
    Dwarf_Addr first = 0, past = 0;
    bool ends = true;
    int number = 0;
    const char *file = dwarf_linesrc(line, NULL, NULL);
    if (dwarf_lineendsequence(line, &ends) != 0 || ends || dwarf_lineaddr(line, &first) != 0 ||
        dwarf_lineaddr(next, &past) != 0 || dwarf_lineno(line, &number) != 0 || number <= 0 || !file || !*file)
        return;
    if (first >= past || past > INT32_MAX) /* what the linker dropped lies beyond */
        return;
    const uint32_t at = file_number(t, file);
    buffer_u8(&t->out, COVERAGE_ROW);
    buffer_u32(&t->out, (uint32_t)first + t->code);
    buffer_u32(&t->out, (uint32_t)past + t->code);
    buffer_u32(&t->out, at);
    buffer_u32(&t->out, (uint32_t)number);
}

static bool units_tell(Dwarf *dwarf, struct teller *t)
{
    Dwarf_Off at = 0, next;
    size_t head;
    bool taken = true;
    for (; taken && dwarf_nextcu(dwarf, at, &next, &head, NULL, NULL, NULL) == 0; at = next) {
        Dwarf_Die unit;
        Dwarf_Lines *lines = NULL;
        size_t count = 0;
        if (!dwarf_offdie(dwarf, at + head, &unit) || dwarf_getsrclines(&unit, &lines, &count) != 0)
            continue;
        memset((void *)t->file, 0, sizeof t->file);
        for (size_t i = 0; taken && i + 1 < count; i++) {
            line_tell(t, dwarf_onesrcline(lines, i), dwarf_onesrcline(lines, i + 1));
            taken = flush(t);
        }
    }
    return taken;
}

enum status symbols_lines_tell(const struct symbols_module *module, symbols_put_fn *put, void *self,
                               struct error *error)
{
    if (!has_lines(module))
        return STATUS_OK;
    struct teller t = { .put = put, .self = self, .code = module->code, .out = BUFFER_INIT };
    struct opened o = open_all(module);
    enum status status = STATUS_OK;
    if (!o.dwarf)
        status = error_set(error, STATUS_MALFORMED,
                           "no source lines: the module's debug information cannot be read: %s", why_not(&o));
    else if (!units_tell(o.dwarf, &t))
        status = error_set(error, STATUS_STOPPED, "no source lines: out of memory, or nobody takes them");
    close_all(&o);
    buffer_done(&t.out);
    return status;
}
