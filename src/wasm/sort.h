/* Sorting in place. */
#ifndef VQA_WASM_SORT_H
#define VQA_WASM_SORT_H

#include <stddef.h>

/* As qsort(): `count` elements of `size` bytes from `base` on, the smallest first; compare() is negative
 * where its first element goes before its second. Equal elements come in any order. A heap sort: it
 * takes no memory, and at most about 2 count log2(count) comparisons. */
void heap_sort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));

#endif
