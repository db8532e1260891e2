/* vqa.wasm's sort against what is sorted. */
#include "wasm/sort.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "testing.h"

enum { MOST = 200 };

typedef struct {
    int key;
    char name[7]; /* so that the size is no power of two */
} element;

static int by_key(const void *a, const void *b)
{
    const element *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* Elements whose keys are `keys` different ones in some order come out in order, each whole, none lost. */
static void sorts(int count, int keys)
{
    element *e = malloc(((size_t)count + 1) * sizeof *e);
    int seen[MOST] = { 0 };
    assert_non_null(e);
    for (int i = 0; i < count; i++) {
        e[i].key = (i * 7919 + count) % keys;
        memset(e[i].name, e[i].key, sizeof e[i].name);
        seen[e[i].key]++;
    }
    e[count].key = -1; /* behind the end */
    heap_sort(e, (size_t)count, sizeof *e, by_key);
    assert_int_equal(e[count].key, -1);
    for (int i = 0; i < count; i++) {
        if (i) assert_true(e[i - 1].key <= e[i].key);
        for (size_t j = 0; j < sizeof e[i].name; j++)
            assert_int_equal(e[i].name[j], (char)e[i].key);
        seen[e[i].key]--;
    }
    for (int key = 0; key < MOST; key++) assert_int_equal(seen[key], 0);
    free(e);
}

static void test_all_counts(void **state)
{
    (void)state;
    for (int count = 0; count <= MOST; count++) {
        sorts(count, MOST);
        sorts(count, 1 + count / 5);
        sorts(count, 1);
    }
}

/* In order, and the other way round. */
static void test_sorted(void **state)
{
    (void)state;
    for (int reverse = 0; reverse < 2; reverse++) {
        element e[MOST] = { 0 };
        for (int i = 0; i < MOST; i++) e[i].key = reverse ? MOST - 1 - i : i;
        heap_sort(e, MOST, sizeof *e, by_key);
        for (int i = 0; i < MOST; i++) assert_int_equal(e[i].key, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_counts),
        cmocka_unit_test(test_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
