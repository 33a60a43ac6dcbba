/* Source lines by DWARF, which elfutils' libdw reads.
 *
 * libdw wants an ELF file: one is made here in memory, with the module's .debug_* sections and nothing else. So it has
 * no other file to open, and nothing to decompress or relocate (the linker has done that). DWARF's addresses are bytes
 * of the code section's content (WebAssembly's tool conventions for DWARF). Debug information is hostile: this runs in
 * warrant-symbols alone, behind the names, and what breaks it costs the lines.
 *
 * Leaves out: functions that were inlined, whose calls are no frames of the engine's. */
#include "cli/symbols_module.h"

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

void symbols_lines_find(const struct symbols_module *module, const struct call_stack *stack, struct crash_symbols *ret)
{
    if (!module->debug[SYMBOLS_DEBUG_LINE].bytes || !module->debug[SYMBOLS_DEBUG_INFO].bytes || module->code == 0)
        return;
    struct image image = image_make(module);
    elf_version(EV_CURRENT);
    Elf *elf = image.bytes ? elf_memory((char *)image.bytes, image.size) : NULL;
    Dwarf *dwarf = elf ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;
    if (dwarf)
        units_ask(dwarf, module, stack, ret);
    else
        snprintf(ret->why, sizeof ret->why, "no source lines: the module's debug information cannot be read: %s",
                 !image.bytes ? "it is too large"
                 : elf        ? dwarf_errmsg(-1)
                              : elf_errmsg(-1));
    dwarf_end(dwarf);
    elf_end(elf);
    free(image.bytes);
}
