/* What each descriptor descends from, and what stands behind it.
 *
 * Invariant: a descriptor that is handed out is live, and the object behind it is the one that was opened. */
#include "checker/judge/judge_inner.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *judge_rule_name(enum judge_rule rule)
{
#define JUDGE_RULE(id, name, text) name,
    static const char *const names[] = {
#include "checker/judge/judge_rules.def"
    };
#undef JUDGE_RULE
    return (unsigned)rule < JUDGE_RULE_COUNT ? names[rule] : "?";
}

const char *judge_rule_text(enum judge_rule rule)
{
#define JUDGE_RULE(id, name, text) text,
    static const char *const texts[] = {
#include "checker/judge/judge_rules.def"
    };
#undef JUDGE_RULE
    return (unsigned)rule < JUDGE_RULE_COUNT ? texts[rule] : "?";
}

bool judge_rule_on(struct judge_ruling *ret, enum judge_rule rule, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ret->rule = rule;
    vsnprintf(ret->text, sizeof ret->text, format, args);
    va_end(args);
    return false;
}

bool judge_grow(struct judge *judge, uint32_t fd)
{
    if (fd < judge->count)
        return true;
    if (fd >= DESCRIPTORS_MAX)
        return false;
    uint32_t count = fd + 64 < 2 * judge->count ? 2 * judge->count : fd + 64;
    struct judge_descriptor *more = realloc(judge->descriptor, count * sizeof *more);
    if (!more) {
        judge->starved = true;
        return false;
    }
    memset(more + judge->count, 0, (count - judge->count) * sizeof *more);
    judge->descriptor = more;
    judge->count = count;
    return true;
}

/* The object must be the one that was opened. What the run's start says comes from stat(2), whose numbers some file
 * systems (overlays) make up: it binds once one of them has agreed with the kernel's, else the first use settles it. */
static bool same_object(struct judge *judge, struct judge_descriptor *d, const struct judge_object *object)
{
    bool same = d->dev == object->dev && d->ino == object->ino;
    if (!d->settled) {
        judge->agreed |= same;
        if (!same && judge->agreed && !(object->mode & JUDGE_MODE_OTHER_NUMBERS))
            return false;
        d->settled = true;
        d->dev = object->dev;
        d->ino = object->ino;
        return true;
    }
    return same;
}

/* What holds no data may be asked about and closed again, which is how the runtime finds out; a walk may pass through
 * it, as openat2 does unseen; a stream may be anything. */
static bool may_hold_none(const struct judge *judge, const struct judge_fact *fact, const struct judge_descriptor *d)
{
    uint8_t kind = fact->number >= 0 && fact->number < NUMBERS ? judge->kind[fact->number] : KIND_NONE;
    return d->origin >= ORIGIN_RESOLVER || kind == KIND_ASK || kind == KIND_CLOSE || kind == KIND_COMPONENT ||
           (kind == KIND_READ_LINK && judge->refused.here);
}

struct judge_descriptor *judge_descends(struct judge *judge, const struct judge_fact *fact, unsigned arg,
                                        bool directory, bool *unsure, struct judge_ruling *ret)
{
    uint32_t fd = (uint32_t)fact->arg[arg];
    struct judge_descriptor *d = fd < judge->count && judge->descriptor[fd].live ? &judge->descriptor[fd] : NULL;
    *unsure = judge->gap;
    if (!d || (directory && d->origin >= ORIGIN_RESOLVER)) {
        if (!judge->gap)
            judge_rule_on(ret, directory ? JUDGE_FOREIGN_DIRECTORY : JUDGE_FOREIGN_DESCRIPTOR, "descriptor %" PRId32,
                          (int32_t)fd);
        return NULL;
    }
    const struct judge_object *object = arg <= 1 ? &fact->object : &fact->object2;
    if (object->mode == 0) { /* a bad descriptor has none; any other has */
        if (!fact->returned || fact->result < 0)
            return d;
        judge_rule_on(ret, JUDGE_UNREAD, "the object behind descriptor %" PRId32, (int32_t)fd);
        return NULL;
    }
    if (!judge->gap && !same_object(judge, d, object)) {
        judge_rule_on(ret, JUDGE_OTHER_OBJECT,
                      "descriptor %" PRId32 " was inode %" PRIu64 " on device %" PRIu64 ", and is inode %" PRIu64
                      " on device %" PRIu64,
                      (int32_t)fd, d->ino, d->dev, object->ino, object->dev);
        return NULL;
    }
    if (object->mode & JUDGE_MODE_NO_DATA && !may_hold_none(judge, fact, d)) {
        judge_rule_on(ret, JUDGE_NO_DATA, "descriptor %" PRId32 " is inode %" PRIu64 " on device %" PRIu64, (int32_t)fd,
                      object->ino, object->dev);
        return NULL;
    }
    return d;
}
