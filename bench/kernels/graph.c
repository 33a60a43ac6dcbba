/* Shortest ways in a graph of SIZE nodes by Dijkstra's method: edges in linked lists that lie scattered in memory,
 * and a binary heap. Bound by memory that is reached through pointers. */
#include "bench/kernels/kernel.h"

enum { SEARCHES = 3, DEGREE = 4, UNREACHED = 0x7fffffff };

struct edge {
    struct edge *next;
    struct node *to;
    uint32_t length;
};

struct node {
    struct edge *edges;
    uint32_t distance, place; /* place: in the heap, 0 where it is not in it */
};

struct heap {
    struct node **nodes; /* from 1 */
    uint32_t count;
};

static void put(struct heap *heap, uint32_t place, struct node *node)
{
    heap->nodes[place] = node;
    node->place = place;
}

static void rise(struct heap *heap, uint32_t place, struct node *node)
{
    for (; place > 1 && heap->nodes[place / 2]->distance > node->distance; place /= 2)
        put(heap, place, heap->nodes[place / 2]);
    put(heap, place, node);
}

static struct node *take_nearest(struct heap *heap)
{
    struct node *nearest = heap->nodes[1], *last = heap->nodes[heap->count--];
    uint32_t place = 1;
    nearest->place = 0;
    for (;;) {
        uint32_t child = 2 * place;
        if (child > heap->count)
            break;
        if (child < heap->count && heap->nodes[child + 1]->distance < heap->nodes[child]->distance)
            child++;
        if (heap->nodes[child]->distance >= last->distance)
            break;
        put(heap, place, heap->nodes[child]);
        place = child;
    }
    if (heap->count)
        put(heap, place, last);
    return nearest;
}

static void search(struct node *nodes, uint32_t count, struct heap *heap, struct node *start)
{
    for (uint32_t i = 0; i < count; i++)
        nodes[i].distance = UNREACHED;
    start->distance = 0;
    rise(heap, ++heap->count, start);
    while (heap->count) {
        struct node *node = take_nearest(heap);
        for (struct edge *edge = node->edges; edge; edge = edge->next) {
            uint32_t distance = node->distance + edge->length;
            if (distance >= edge->to->distance)
                continue;
            edge->to->distance = distance;
            rise(heap, edge->to->place ? edge->to->place : ++heap->count, edge->to);
        }
    }
}

static void make_graph(struct node *nodes, uint32_t count, struct edge *edges)
{
    uint64_t state = 50;
    for (uint32_t i = 0; i < DEGREE * count; i++) {
        struct node *from = &nodes[kernel_random(&state) % count], *to = &nodes[kernel_random(&state) % count];
        edges[i] = (struct edge) { from->edges, to, kernel_random(&state) % 1000 + 1 };
        from->edges = &edges[i];
    }
}

uint64_t kernel_run(uint32_t size)
{
    struct node *nodes = kernel_alloc(size, sizeof *nodes);
    struct heap heap = { kernel_alloc(size + 1, sizeof *heap.nodes), 0 };
    uint64_t sum = 0;
    make_graph(nodes, size, kernel_alloc(DEGREE * size, sizeof(struct edge)));
    for (uint32_t i = 0; i < SEARCHES; i++) {
        search(nodes, size, &heap, &nodes[i * 7919u % size]);
        for (uint32_t node = 0; node < size; node++)
            sum = kernel_mix(sum, nodes[node].distance);
    }
    return sum;
}
