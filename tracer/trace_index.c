/* Marks of a trace's chunks of events, so that going to an event does not begin at the first. They are made by whatever
 * meets chunks in order, and are as many for every trace: where they are full, every second one goes. */
#include "tracer/trace_inner.h"

void trace_index_note(struct trace_index *index, const struct trace_mark *mark)
{
    if (mark->at < index->frontier)
        return; /* it was here before */
    index->frontier = mark->at + 1;
    if (index->chunks++ % index->every != 0)
        return;
    if (index->count == TRACE_INDEX_MARKS) { /* every second one goes */
        for (uint32_t i = 0; i < TRACE_INDEX_MARKS / 2; i++)
            index->mark[i] = index->mark[2 * (size_t)i];
        index->count = TRACE_INDEX_MARKS / 2;
        index->every *= 2;
    }
    index->mark[index->count++] = *mark;
}

/* The last mark that is not behind the event. */
bool trace_index_find(const struct trace_index *index, uint64_t event, struct trace_mark *ret)
{
    uint32_t low = 0, high = index->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->mark[middle].events <= event)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0)
        *ret = index->mark[low - 1];
    return low > 0;
}
