/* Places an object: what LLVM's linker did, without LLVM. Sections are laid one behind the other, and distances between
 * them filled in; anything that would need an address, another object or memory to write is refused. So the bytes that
 * are verified are the bytes that run. (ELF: System V ABI, chapter 4; x86-64 psABI, 4.4.) */
#include "runtime/jit/jit_image.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "runtime/base/try.h"

enum { IMAGE_MAX = 1 << 30, NOT_PLACED = UINT32_MAX };

struct object {
    const uint8_t *bytes;
    size_t size;
    const Elf64_Shdr *sections;
    uint32_t count;
    uint32_t *at; /* by section: where it lies in the image; owned */
};

static enum status bad(struct error *error, const char *what)
{
    return error_set(error, STATUS_INTERNAL, "an object of LLVM's: %s", what);
}

/* Aligned, as malloc has made the object. */
static const void *at(const struct object *o, uint64_t offset) { return o->bytes + offset; }

static bool inside(const struct object *o, uint64_t offset, uint64_t bytes)
{
    return bytes <= o->size && offset <= o->size - bytes;
}

/* The object was made in this process, aligned as malloc does; sizes are looked at all the same. */
static enum status open_object(struct object *o, struct error *error)
{
    const Elf64_Ehdr *h = at(o, 0);
    if (o->size < sizeof *h || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_ident[EI_CLASS] != ELFCLASS64 ||
        h->e_machine != EM_X86_64 || h->e_type != ET_REL || h->e_shentsize != sizeof(Elf64_Shdr))
        return bad(error, "is not for this machine");
    if (h->e_shoff % 8 != 0 || !inside(o, h->e_shoff, (uint64_t)h->e_shnum * sizeof(Elf64_Shdr)) || h->e_shnum == 0)
        return bad(error, "its sections lie outside");
    o->sections = at(o, h->e_shoff);
    o->count = h->e_shnum;
    for (uint32_t i = 0; i < o->count; i++) {
        const Elf64_Shdr *s = &o->sections[i];
        if (s->sh_type != SHT_NOBITS && !inside(o, s->sh_offset, s->sh_size))
            return bad(error, "a section lies outside");
        if (s->sh_size > 0 && (s->sh_flags & SHF_ALLOC) && (s->sh_flags & SHF_WRITE))
            return bad(error, "has memory of its own");
    }
    return STATUS_OK;
}

/* Gives the sections with (or without) instructions their places from *end on. */
static enum status place(struct object *o, bool text, uint32_t *end, struct error *error)
{
    for (uint32_t i = 0; i < o->count; i++) {
        const Elf64_Shdr *s = &o->sections[i];
        if (!(s->sh_flags & SHF_ALLOC) || s->sh_type != SHT_PROGBITS || text != ((s->sh_flags & SHF_EXECINSTR) != 0))
            continue;
        uint64_t align = s->sh_addralign ? s->sh_addralign : 1, from = (*end + align - 1) / align * align;
        if (align > 4096 || s->sh_size > IMAGE_MAX || from + s->sh_size > IMAGE_MAX)
            return bad(error, "is too large");
        o->at[i] = (uint32_t)from;
        *end = (uint32_t)(from + s->sh_size);
    }
    return STATUS_OK;
}

static const Elf64_Sym *symbol(const struct object *o, uint32_t table, uint64_t index)
{
    if (table >= o->count || o->sections[table].sh_type != SHT_SYMTAB || o->sections[table].sh_offset % 8 != 0 ||
        index >= o->sections[table].sh_size / sizeof(Elf64_Sym))
        return NULL;
    const Elf64_Sym *s = (const Elf64_Sym *)at(o, o->sections[table].sh_offset) + index;
    return s->st_shndx < o->count && o->at[s->st_shndx] != NOT_PLACED ? s : NULL;
}

static enum status relocate(const struct object *o, const struct jit_image *image, const Elf64_Shdr *s,
                            struct error *error)
{
    if (s->sh_info >= o->count || o->at[s->sh_info] == NOT_PLACED)
        return STATUS_OK; /* of something that is not loaded */
    if (s->sh_type != SHT_RELA || s->sh_offset % 8 != 0)
        return bad(error, "relocations of another form");
    const Elf64_Rela *rows = at(o, s->sh_offset);
    for (uint64_t i = 0; i < s->sh_size / sizeof *rows; i++) {
        uint32_t type = (uint32_t)ELF64_R_TYPE(rows[i].r_info);
        const Elf64_Sym *target = symbol(o, s->sh_link, ELF64_R_SYM(rows[i].r_info));
        if (!target || (type != R_X86_64_PC32 && type != R_X86_64_PLT32))
            return bad(error, "a relocation that leads out of it");
        if (o->sections[s->sh_info].sh_size < 4 || rows[i].r_offset > o->sections[s->sh_info].sh_size - 4)
            return bad(error, "a relocation outside of its section");
        uint32_t from = o->at[s->sh_info] + (uint32_t)rows[i].r_offset;
        int64_t distance = (int64_t)(o->at[target->st_shndx] + target->st_value) + rows[i].r_addend - from;
        if (distance != (int32_t)distance)
            return bad(error, "a relocation that does not fit");
        memcpy(image->bytes + from, &(int32_t) { (int32_t)distance }, 4);
    }
    return STATUS_OK;
}

static enum status find_entries(const struct object *o, struct jit_image *image, uint32_t count, struct error *error)
{
    for (uint32_t t = 0; t < o->count; t++) {
        const Elf64_Shdr *table = &o->sections[t];
        if (table->sh_type != SHT_SYMTAB || table->sh_link >= o->count)
            continue;
        const Elf64_Shdr *names = &o->sections[table->sh_link];
        for (uint64_t i = 0; i < table->sh_size / sizeof(Elf64_Sym); i++) {
            const Elf64_Sym *s = symbol(o, t, i);
            if (!s || s->st_name > names->sh_size || names->sh_size - s->st_name < sizeof "entries" ||
                memcmp(o->bytes + names->sh_offset + s->st_name, "entries", sizeof "entries") != 0)
                continue;
            uint64_t table_at = o->at[s->st_shndx] + s->st_value;
            if (table_at % 4 != 0 || table_at > image->size || (image->size - table_at) / 4 < count)
                return bad(error, "its table of entries is too short");
            image->entries = (uint32_t)table_at;
            return STATUS_OK;
        }
    }
    return bad(error, "has no table of entries");
}

static enum status fill(const struct object *o, struct jit_image *image, uint32_t entry_count, struct error *error)
{
    memset(image->bytes, 0x90, image->text_bytes); /* between sections: nops */
    for (uint32_t i = 0; i < o->count; i++)
        if (o->at[i] != NOT_PLACED && o->sections[i].sh_size > 0)
            memcpy(image->bytes + o->at[i], o->bytes + o->sections[i].sh_offset, o->sections[i].sh_size);
    for (uint32_t i = 0; i < o->count; i++)
        if (o->sections[i].sh_type == SHT_RELA || o->sections[i].sh_type == SHT_REL)
            TRY(relocate(o, image, &o->sections[i], error));
    return find_entries(o, image, entry_count, error);
}

static enum status load(struct object *o, uint32_t entry_count, struct jit_image *image, struct error *error)
{
    uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE), end = 0;
    TRY(place(o, true, &end, error));
    image->text_bytes = end;
    end = image->data = (end + page - 1) / page * page;
    TRY(place(o, false, &end, error));
    image->size = (end + page - 1) / page * page;
    if (image->text_bytes == 0 || image->size == image->data)
        return bad(error, "is empty");
    void *bytes = mmap(NULL, image->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED)
        return error_set(error, STATUS_NO_MEMORY, "no memory for compiled code");
    image->bytes = bytes;
    return fill(o, image, entry_count, error);
}

enum status jit_image_load(const uint8_t *bytes, size_t size, uint32_t entry_count, struct jit_image *ret,
                           struct error *error)
{
    struct object o = { .bytes = bytes, .size = size };
    struct jit_image image = { 0 };
    TRY(open_object(&o, error));
    o.at = malloc(o.count * sizeof *o.at);
    if (!o.at)
        return error_set(error, STATUS_NO_MEMORY, "no memory for compiled code");
    memset(o.at, 0xff, o.count * sizeof *o.at);
    enum status status = load(&o, entry_count, &image, error);
    free(o.at);
    if (status == STATUS_OK)
        *ret = image;
    else
        jit_image_done(&image);
    return status;
}

uint32_t jit_image_entry(const struct jit_image *image, uint32_t entry)
{
    int32_t distance;
    memcpy(&distance, image->bytes + image->entries + 4ul * entry, sizeof distance);
    return distance == 0 ? UINT32_MAX : image->entries + (uint32_t)distance;
}

enum status jit_image_seal(struct jit_image *image, struct error *error)
{
    if (mprotect(image->bytes, image->data, PROT_READ | PROT_EXEC) ||
        mprotect(image->bytes + image->data, image->size - image->data, PROT_READ))
        return error_set(error, STATUS_INTERNAL, "the system does not let code be executed");
    return STATUS_OK;
}

void jit_image_done(struct jit_image *image)
{
    if (image->bytes)
        munmap(image->bytes, image->size);
    image->bytes = NULL;
}
