/* Lines as wide as a terminal: broken between words, and what follows is indented under where the text began. */
#ifndef WARRANT_CLI_FOLD_H
#define WARRANT_CLI_FOLD_H

#include <stdbool.h>
#include "runtime/base/text.h"

enum { FOLD_WORD = 1024 };

struct fold {
    struct text_sink next; /* gets the same pieces, with newlines and blanks for some blanks */
    unsigned width;        /* columns; 0: nothing is folded */
    unsigned column;       /* where the row stands that was given on */
    unsigned blanks;       /* behind it, not yet given on */
    unsigned hang;         /* where the line's next rows begin; 0: not known yet */
    bool words;            /* the line has one */
    char word[FOLD_WORD];  /* not yet given on */
    size_t used;
    unsigned word_width;
};

/* Takes pieces as struct text_sink has them. A word that is wider than a row stays whole: whoever copies it wants it
 * so. */
void fold_put(struct fold *fold, const char *piece, size_t size);
/* What takes no column. */
void fold_escape(struct fold *fold, const char *sequence, size_t size);
void fold_end(struct fold *fold); /* gives on what is held */

#endif
