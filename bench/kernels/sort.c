/* Sorts SIZE records twice: quicksort with a comparison through a pointer (an indirect call), then heap sort by another
 * key. Branches that no one can predict. */
#include "bench/kernels/kernel.h"

struct record {
    uint32_t key, other;
};

typedef int compare_function(const struct record *a, const struct record *b);

static int by_key(const struct record *a, const struct record *b)
{
    return a->key != b->key ? (a->key < b->key ? -1 : 1) : (a->other > b->other) - (a->other < b->other);
}

static int by_key_down(const struct record *a, const struct record *b) { return by_key(b, a); }

static void swap(struct record *a, struct record *b)
{
    struct record kept = *a;
    *a = *b;
    *b = kept;
}

static void insertion_sort(struct record *records, uint32_t count, compare_function *compare)
{
    for (uint32_t i = 1; i < count; i++) {
        struct record record = records[i];
        uint32_t at = i;
        for (; at && compare(&record, &records[at - 1]) < 0; at--)
            records[at] = records[at - 1];
        records[at] = record;
    }
}

static void quick_sort(struct record *records, uint32_t count, compare_function *compare)
{
    while (count > 12) {
        struct record pivot = records[(count - 1) / 2];
        uint32_t low = 0, high = count - 1;
        for (;; low++, high--) {
            while (compare(&records[low], &pivot) < 0)
                low++;
            while (compare(&pivot, &records[high]) < 0)
                high--;
            if (low >= high)
                break;
            swap(&records[low], &records[high]);
        }
        quick_sort(records + high + 1, count - high - 1, compare);
        count = high + 1;
    }
    insertion_sort(records, count, compare);
}

static void sink(struct record *records, uint32_t place, uint32_t count)
{
    struct record record = records[place];
    for (uint32_t child; (child = 2 * place + 1) < count; place = child) {
        if (child + 1 < count && records[child + 1].other > records[child].other)
            child++;
        if (records[child].other <= record.other)
            break;
        records[place] = records[child];
    }
    records[place] = record;
}

static void heap_sort(struct record *records, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;)
        sink(records, i, count);
    for (uint32_t left = count; left > 1;) {
        swap(&records[0], &records[--left]);
        sink(records, 0, left);
    }
}

uint64_t kernel_run(uint32_t size)
{
    struct record *records = kernel_alloc(size, sizeof *records);
    uint64_t state = 12, sum = 0;
    compare_function *const orders[2] = { by_key, by_key_down };
    for (uint32_t i = 0; i < size; i++) {
        records[i].key = kernel_random(&state) % (size / 2 + 1);
        records[i].other = kernel_random(&state);
    }
    quick_sort(records, size, orders[size & 1]);
    for (uint32_t i = 0; i < size; i++)
        sum = kernel_mix(sum, records[i].key);
    heap_sort(records, size);
    for (uint32_t i = 0; i < size; i++)
        sum = kernel_mix(sum, i && records[i - 1].other > records[i].other ? 0 : records[i].key);
    return sum;
}
