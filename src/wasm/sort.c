#include "wasm/sort.h"

static void swap(char *a, char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

void heap_sort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    char *first = base;
    /* From `begin` to before `end` no element is less than the elements 2 i + 1 and 2 i + 2 below it. */
    for (size_t begin = count / 2, end = count; end > 1;) {
        if (begin)
            begin--; /* first the heap grows to all elements, */
        else
            swap(first, first + --end * size, size); /* then its largest go behind it */
        for (size_t at = begin, below; (below = 2 * at + 1) < end; at = below) {
            char *child = first + below * size;
            if (below + 1 < end && compare(child, child + size) < 0) child += size, below++;
            if (compare(first + at * size, child) >= 0) break;
            swap(first + at * size, child, size);
        }
    }
}
