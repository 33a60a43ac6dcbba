/* Plays compiled scripts (scripts.py says how they are compiled) and prints one line for each step: what it answered.
 *
 * The same file is the native executor and, with the other world, the guest. A script's descriptors and directory
 * handles are numbers of its own, the lowest free one from 3 and from 1, whatever the world numbers them.
 *
 * usage: play FOLDER <STEPS. A line is a step, its words separated by one space; a word of text is x and its bytes in
 * hex. */
#include "world.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS     6
#define LINE      65536
#define SLOTS     64
#define ENTRIES   256
#define READ_MOST 8192

static char line[LINE];
static char *word[WORDS];
static int64_t file_of[SLOTS]; /* -1: not open */
static struct world_directory *listed[SLOTS];
static uint64_t objects[ENTRIES]; /* those that a dump has met */
static size_t object_count;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "play: %s\n", what);
    exit(3);
}

static const char *text(int at)
{
    char *from = word[at], *to = word[at];
    if (!from || *from++ != 'x')
        fail("a word of text is missing");
    for (; *from; from += 2) {
        char hex[3] = { from[0], from[1], 0 };
        *to++ = (char)strtoul(hex, NULL, 16);
    }
    *to = 0;
    return word[at];
}

static int64_t number(int at)
{
    if (!word[at])
        fail("a number is missing");
    return strtoll(word[at], NULL, 10);
}

static int64_t file_at(int at)
{
    int64_t slot = number(at);
    return slot >= 0 && slot < SLOTS ? file_of[slot] : -1;
}

static void hex(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        printf("%02x", (unsigned char)bytes[i]);
}

static void say(struct answer answer)
{
    if (answer.error)
        printf("%s\n", answer.error);
    else
        printf("=%" PRId64 "\n", answer.value);
}

static void say_bytes(struct answer answer, const char *bytes)
{
    if (answer.error) {
        say(answer);
        return;
    }
    printf("=%" PRId64 " ", answer.value);
    hex(bytes, (size_t)answer.value);
    putchar('\n');
}

static void say_facts(const struct world_facts *facts)
{
    printf("%c %" PRIu64, facts->kind, facts->links);
    if (facts->kind != 'd') /* what a directory's size is, is its file system's affair */
        printf(" %" PRIu64, facts->size);
}

static size_t object_number(uint64_t object)
{
    for (size_t i = 0; i < object_count; i++)
        if (objects[i] == object)
            return i;
    if (object_count == ENTRIES)
        fail("a dump has too many objects");
    objects[object_count] = object;
    return object_count++;
}

/* What a file holds, as a size and a sum. */
static void dump_content(const char *path)
{
    char bytes[READ_MOST];
    uint64_t sum = 14695981039346656037u;
    struct answer file = world_open(path, WORLD_READ), got = { 0 };
    if (file.error) {
        printf(" %s", file.error);
        return;
    }
    while (!(got = world_read(file.value, bytes, sizeof bytes)).error && got.value > 0)
        for (int64_t i = 0; i < got.value; i++)
            sum = (sum ^ (unsigned char)bytes[i]) * 1099511628211u;
    world_close(file.value);
    printf(" %s%016" PRIx64, got.error ? got.error : "", sum);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void dump(const char *path);

static void dump_entries(const char *path)
{
    char *names[ENTRIES], name[512], inside[4096];
    size_t count = 0;
    struct world_directory *directory;
    struct answer answer = world_list_open(path, &directory);
    if (!answer.error) {
        while (!(answer = world_list_next(directory, name, sizeof name)).error && answer.value) {
            if (count == ENTRIES)
                fail("a directory has too many entries");
            names[count++] = strdup(name);
        }
        world_list_close(directory);
    }
    if (answer.error)
        printf(" %s", answer.error);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(names[i], ".") || !strcmp(names[i], "..")) {
            printf(" %s", names[i]);
        } else {
            snprintf(inside, sizeof inside, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", names[i]);
            dump(inside);
        }
        free(names[i]);
    }
}

/* An object and all below it: its path, facts, which object it is, its content. */
static void dump(const char *path)
{
    struct world_facts facts;
    struct answer answer = world_stat(path, 0, &facts);
    printf("; ");
    hex(path, strlen(path));
    putchar(' ');
    if (answer.error) {
        printf("%s", answer.error);
        return;
    }
    say_facts(&facts);
    printf(" #%zu", object_number(facts.object));
    if (facts.kind == 'f')
        dump_content(path);
    if (facts.kind == 'l') {
        char target[READ_MOST];
        answer = world_readlink(path, target, sizeof target);
        printf(" %s", answer.error ? answer.error : "x");
        hex(target, answer.error ? 0 : (size_t)answer.value);
    }
    if (facts.kind == 'd')
        dump_entries(path);
}

static void step_dump(void)
{
    object_count = 0;
    putchar('=');
    dump(text(1));
    putchar('\n');
}

static void step_open(void)
{
    struct answer answer = world_open(text(1), (unsigned)number(2));
    if (!answer.error) {
        int slot = 3;
        while (slot < SLOTS && file_of[slot] >= 0)
            slot++;
        if (slot == SLOTS)
            fail("a script has too many open files");
        file_of[slot] = answer.value;
        struct world_facts facts;
        struct answer known = world_facts_of(answer.value, &facts);
        printf("=%d %s", slot, known.error ? known.error : "");
        if (!known.error)
            say_facts(&facts);
        putchar('\n');
        return;
    }
    say(answer);
}

static void step_open_close(void)
{
    struct answer answer = world_open(text(1), (unsigned)number(2));
    say(answer.error ? answer : world_close(answer.value));
}

static void step_close(void)
{
    int64_t slot = number(1);
    struct answer answer = world_close(file_at(1));
    if (!answer.error)
        file_of[slot] = -1;
    say(answer);
}

static char bytes_read[READ_MOST];

static size_t size_at(int at)
{
    int64_t size = number(at);
    if (size < 0 || size > READ_MOST)
        fail("a step asks for too many bytes");
    return (size_t)size;
}

static void step_read(void) { say_bytes(world_read(file_at(1), bytes_read, size_at(2)), bytes_read); }

static void step_pread(void) { say_bytes(world_pread(file_at(1), bytes_read, size_at(2), number(3)), bytes_read); }

/* Its length is said, as bytes may be zero. */
static void step_write(void)
{
    size_t size = size_at(3);
    say(world_write(file_at(1), text(2), size));
}

static void step_pwrite(void)
{
    size_t size = size_at(3);
    int64_t offset = number(4);
    say(world_pwrite(file_at(1), text(2), size, offset));
}

static void step_seek(void) { say(world_seek(file_at(1), number(2), (int)number(3))); }

static void step_stat(void)
{
    struct world_facts facts;
    struct answer answer = world_stat(text(1), (int)number(2), &facts);
    if (answer.error) {
        say(answer);
        return;
    }
    putchar('=');
    say_facts(&facts);
    putchar('\n');
}

static void step_readlink(void) { say_bytes(world_readlink(text(1), bytes_read, READ_MOST), bytes_read); }

static void step_list_open(void)
{
    struct world_directory *directory;
    struct answer answer = world_list_open(text(1), &directory);
    if (!answer.error) {
        int slot = 1;
        while (slot < SLOTS && listed[slot])
            slot++;
        if (slot == SLOTS)
            fail("a script has too many open directories");
        listed[slot] = directory;
        answer.value = slot;
    }
    say(answer);
}

static struct world_directory *list_at(int at)
{
    int64_t slot = number(at);
    return slot >= 0 && slot < SLOTS ? listed[slot] : NULL;
}

static void step_list_next(void)
{
    char name[512];
    struct answer answer = world_list_next(list_at(1), name, sizeof name);
    if (answer.error || !answer.value)
        say(answer);
    else
        say_bytes((struct answer) { NULL, (int64_t)strlen(name) }, name);
}

static void step_list_rewind(void) { say(world_list_rewind(list_at(1))); }

static void step_list_close(void)
{
    struct answer answer = world_list_close(list_at(1));
    if (!answer.error)
        listed[number(1)] = NULL;
    say(answer);
}

static void step_chdir(void) { say(world_chdir(text(1))); }

static void step_link(void) { say(world_link(text(1), text(2))); }

static void step_mkdir(void) { say(world_mkdir(text(1))); }

static void step_rename(void) { say(world_rename(text(1), text(2))); }

static void step_rmdir(void) { say(world_rmdir(text(1))); }

static void step_symlink(void) { say(world_symlink(text(1), text(2))); }

static void step_truncate(void) { say(world_truncate(text(1), number(2))); }

static void step_unlink(void) { say(world_unlink(text(1))); }

/* A step that this pass leaves out. */
static void step_leave(void) { puts("-"); }

/* The next script: all that the last one left open is closed. */
static void step_script(void)
{
    for (int slot = 0; slot < SLOTS; slot++) {
        if (file_of[slot] >= 0)
            world_close(file_of[slot]);
        file_of[slot] = -1;
        if (listed[slot])
            world_list_close(listed[slot]);
        listed[slot] = NULL;
    }
    if (!word[1] || world_enter(word[1]).error)
        fail("a script's folder cannot be entered");
    printf("script %s\n", word[1]);
}

static const struct {
    const char *name;
    void (*play)(void);
} steps[] = {
    { "mkdir", step_mkdir },
    { "symlink", step_symlink },
    { "close", step_close },
    { "open", step_open },
    { "write", step_write },
    { "link", step_link },
    { "open_close", step_open_close },
    { "dump", step_dump },
    { "read", step_read },
    { "rename", step_rename },
    { "stat", step_stat },
    { "readdir", step_list_next },
    { "truncate", step_truncate },
    { "rmdir", step_rmdir },
    { "chdir", step_chdir },
    { "unlink", step_unlink },
    { "opendir", step_list_open },
    { "closedir", step_list_close },
    { "lseek", step_seek },
    { "pread", step_pread },
    { "readlink", step_readlink },
    { "pwrite", step_pwrite },
    { "rewinddir", step_list_rewind },
    { "script", step_script },
    { "leave", step_leave },
};

static void step(void)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (!strcmp(word[0], steps[i].name)) {
            steps[i].play();
            return;
        }
    fail("there is no such step");
}

int main(int argc, char **argv)
{
    for (int slot = 0; slot < SLOTS; slot++)
        file_of[slot] = -1;
    if (!world_open_all(argc > 1 ? argv[1] : "."))
        return 77;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        char *rest = line;
        for (int at = 0; at < WORDS; at++)
            word[at] = strsep(&rest, " ");
        if (rest)
            fail("a step has too many words");
        step();
    }
    return fflush(stdout) ? 1 : 0;
}
