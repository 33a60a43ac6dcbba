/* Connect Four by alpha-beta search, as in SPEC's game programs: recursion, 64-bit boards, a table of positions. Size:
 * positions searched, each eight plies deep. */
#include "bench/kernels/kernel.h"

enum { COLUMNS = 7, ROWS = 6, LINE = ROWS + 1, PLIES = 8, ENTRIES = 1 << 14, WON = 1000 };

/* Bit column * LINE + row; the bit above each column stays free. */
struct board {
    uint64_t own, all; /* own: stones of the player to move */
};

struct entry {
    uint64_t key;
    int32_t score, depth;
};

static int has_four(uint64_t stones)
{
    static const int ways[4] = { 1, LINE, LINE - 1, LINE + 1 };
    for (int i = 0; i < 4; i++) {
        uint64_t pairs = stones & stones >> ways[i];
        if (pairs & pairs >> 2 * ways[i])
            return 1;
    }
    return 0;
}

static int count_bits(uint64_t bits)
{
    int count = 0;
    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

/* Returns the bit where a stone in this column comes to lie, or 0. */
static uint64_t landing(uint64_t all, int column)
{
    uint64_t bottom = (uint64_t)1 << column * LINE, full = (((uint64_t)1 << ROWS) - 1) << column * LINE;
    return (all + bottom) & full & ~all;
}

/* Middle columns are worth more. */
static int32_t judge(const struct board *board)
{
    static const int worth[COLUMNS] = { 0, 1, 2, 4, 2, 1, 0 };
    int32_t score = 0;
    for (int column = 0; column < COLUMNS; column++) {
        uint64_t mask = (((uint64_t)1 << ROWS) - 1) << column * LINE;
        score += worth[column] * (count_bits(board->own & mask) - count_bits((board->own ^ board->all) & mask));
    }
    return score;
}

static int32_t search(struct entry *table, const struct board *board, int32_t depth, int32_t low, int32_t high,
                      uint64_t *visited)
{
    static const int order[COLUMNS] = { 3, 2, 4, 1, 5, 0, 6 };
    ++*visited;
    if (depth == 0)
        return judge(board);
    uint64_t key =
        board->own + board->all; /* each column's own stones and a bit above them: no two positions share it */
    struct entry *entry = &table[key * 0x9e3779b97f4a7c15u >> 50];
    if (entry->key == key && entry->depth == depth)
        return entry->score;
    int32_t best = -WON, start = low;
    for (int i = 0; i < COLUMNS && best < high; i++) {
        uint64_t stone = landing(board->all, order[i]);
        if (!stone)
            continue;
        int32_t score;
        if (has_four(board->own | stone)) {
            score = WON - PLIES + depth;
        } else {
            struct board next = { board->own ^ board->all, board->all | stone };
            score = -search(table, &next, depth - 1, -high, -low, visited);
        }
        best = score > best ? score : best;
        low = best > low ? best : low;
    }
    if (best > start && best < high) /* an exact score, not a bound */
        *entry = (struct entry) { key, best, depth };
    return best;
}

uint64_t kernel_run(uint32_t size)
{
    struct entry *table = kernel_alloc(ENTRIES, sizeof *table);
    uint64_t state = 4, sum = 0;
    for (uint32_t game = 0; game < size; game++) {
        struct board board = { 0, 0 };
        for (int stones = 0; stones < 12; stones++) {
            uint64_t stone = landing(board.all, (int)(kernel_random(&state) % COLUMNS));
            if (stone && !has_four(board.own | stone))
                board = (struct board) { board.own ^ board.all, board.all | stone };
        }
        uint64_t visited = 0;
        int32_t score = search(table, &board, PLIES, -WON, WON, &visited);
        sum = kernel_mix(kernel_mix(sum, (uint64_t)(score + WON)), visited);
    }
    return sum;
}
