/* Folds lines between words. The width of a character is what terminals give it: two columns for the wide ones of East
 * Asia and for pictures, else one; what takes none never comes here (runtime/base/unprintable.def). */
#include "cli/fold.h"

#include <string.h>

enum { HANG = 4 }; /* where the line does not tell */

static const struct {
    uint32_t first, last;
} wide[] = { { 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0x4dbf },  { 0x4e00, 0xa4cf }, { 0xa960, 0xa97c },
             { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },  { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 },
             { 0x1f300, 0x1f64f }, { 0x1f900, 0x1faff }, { 0x20000, 0x3fffd } };

static unsigned width_of(const char *piece, size_t size)
{
    const uint8_t *p = (const uint8_t *)piece;
    if (p[0] < 0x80 || size < 2)
        return (unsigned)size;
    uint32_t point = p[0] & (0xffU >> (size + 1));
    for (size_t i = 1; i < size; i++)
        point = point << 6 | (p[i] & 0x3f);
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (point >= wide[i].first && point <= wide[i].last)
            return 2;
    return 1;
}

static void give_blanks(struct fold *fold, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        fold->next.put(fold->next.self, " ", 1);
}

static void give_word(struct fold *fold)
{
    if (fold->used == 0)
        return;
    if (fold->words && fold->hang == 0 && fold->blanks >= 2 && fold->column + fold->blanks <= fold->width / 2)
        fold->hang = fold->column + fold->blanks;
    unsigned hang = fold->hang ? fold->hang : HANG;
    if (fold->width > 0 && fold->column > hang && fold->blanks > 0 &&
        fold->column + fold->blanks + fold->word_width > fold->width) {
        fold->next.put(fold->next.self, "\n", 1);
        fold->hang = hang;
        fold->column = 0;
        fold->blanks = hang;
    }
    give_blanks(fold, fold->blanks);
    fold->next.put(fold->next.self, fold->word, fold->used);
    fold->column += fold->blanks + fold->word_width;
    fold->words |= fold->word_width > 0;
    fold->blanks = fold->word_width = 0;
    fold->used = 0;
}

static void take(struct fold *fold, const char *bytes, size_t size, unsigned width)
{
    if (size > sizeof fold->word - fold->used)
        give_word(fold);
    if (size > sizeof fold->word) { /* no word of ours */
        fold->next.put(fold->next.self, bytes, size);
        fold->column += width;
        return;
    }
    memcpy(fold->word + fold->used, bytes, size);
    fold->used += size;
    fold->word_width += width;
}

void fold_put(struct fold *fold, const char *piece, size_t size)
{
    if ((uint8_t)piece[0] >= 0x80) {
        take(fold, piece, size, width_of(piece, size));
        return;
    }
    for (size_t i = 0, length; i < size; i += length) {
        length = 1;
        if (piece[i] == '\n') {
            give_word(fold);
            give_blanks(fold, fold->blanks);
            fold->next.put(fold->next.self, "\n", 1);
            fold->column = fold->blanks = fold->hang = 0;
            fold->words = false;
        } else if (piece[i] == ' ') {
            give_word(fold);
            fold->blanks++;
        } else {
            while (i + length < size && piece[i + length] != ' ' && piece[i + length] != '\n')
                length++;
            take(fold, piece + i, length, (unsigned)length);
        }
    }
}

void fold_escape(struct fold *fold, const char *sequence, size_t size) { take(fold, sequence, size, 0); }

void fold_end(struct fold *fold)
{
    give_word(fold);
    give_blanks(fold, fold->blanks);
    fold->blanks = 0;
}
