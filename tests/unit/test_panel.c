/* The order of weights that the products read, element by element. */
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/panel.h"

#include "testing.h"

static const int outs[] = { 1, 2, 7, 8, 9, 15, 16, 17, 33 };
static const int ins[] = { 1, 2, 3, 7, 8, 9, 16, 31, 33 };

static void *block(size_t count, size_t item)
{
    void *b = malloc(count * item); /* the exact size, so that the sanitizer guards its end */
    assert_non_null(b);
    memset(b, 0x7f, count * item);
    return b;
}

/* Weight (row, column) of every test: all different, never zero. */
static float value(int row, int column) { return (float)(row * 1000 + column + 1); }

static void check_float_panels(const float *panels, int out, int in)
{
    for (int p = 0; p < panel_count(out); p++)
        for (int k = 0; k < in; k++)
            for (int j = 0; j < PANEL; j++) {
                int row = p * PANEL + j;
                float want = row < out ? value(row, k) : 0;
                assert_true(panels[(p * in + k) * PANEL + j] == want);
            }
}

static void test_counts(void **state)
{
    (void)state;
    static const int cases[][4] = {
        /* n, panels, padded, blocks */
        { 0, 0, 0, 0 },  { 1, 1, 8, 1 },   { 7, 1, 8, 1 },   { 8, 1, 8, 1 },
        { 9, 2, 16, 1 }, { 64, 8, 64, 1 }, { 65, 9, 72, 2 }, { 3129, 392, 3136, 49 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(panel_count(cases[i][0]), cases[i][1]);
        assert_int_equal(q8_padded(cases[i][0]), cases[i][2]);
        assert_int_equal(q8_blocks(cases[i][0]), cases[i][3]);
    }
}

static void check_rows(int out, int in, int stride)
{
    size_t size = (size_t)panel_count(out) * PANEL * (size_t)in;
    float *w = block((size_t)((out - 1) * stride + in), sizeof *w);
    float *panels = block(size, sizeof *panels);
    for (int r = 0; r < out; r++)
        for (int k = 0; k < in; k++) w[r * stride + k] = value(r, k);
    panel_pack_f32(w, stride, out, in, panels);
    check_float_panels(panels, out, in);
    free(w);
    free(panels);
}

static void check_columns(int out, int in, int stride)
{
    size_t size = (size_t)panel_count(out) * PANEL * (size_t)in;
    float *w = block((size_t)((in - 1) * stride + out), sizeof *w);
    float *panels = block(size, sizeof *panels);
    for (int k = 0; k < in; k++)
        for (int r = 0; r < out; r++) w[k * stride + r] = value(r, k);
    panel_pack_columns_f32(w, stride, in, out, panels);
    check_float_panels(panels, out, in);
    free(w);
    free(panels);
}

static void check_in_place(int out, int in)
{
    size_t rows = (size_t)panel_count(out) * PANEL, size = rows * (size_t)in;
    float *w = block(size, sizeof *w), *panel = block((size_t)PANEL * (size_t)in, sizeof *panel);
    memset(w, 0, size * sizeof *w);
    for (int r = 0; r < out; r++)
        for (int k = 0; k < in; k++) w[r * in + k] = value(r, k);
    panel_pack_in_place_f32(w, out, in, panel);
    check_float_panels(w, out, in);
    float *row = block((size_t)in, sizeof *row);
    for (int r = 0; r < out; r++) {
        panel_row_f32(w, r, in, row);
        for (int k = 0; k < in; k++) assert_true(row[k] == value(r, k));
    }
    free(w);
    free(panel);
    free(row);
}

static int8_t small(int row, int column) { return (int8_t)((row * 37 + column * 11) % 127 - 63); }

static void check_in_place_q8(int out, int in)
{
    int padded = q8_padded(in);
    size_t rows = (size_t)panel_count(out) * PANEL, size = rows * (size_t)padded;
    int8_t *w = block(size, 1), *panel = block((size_t)PANEL * (size_t)padded, 1);
    memset(w, 0, size);
    for (int r = 0; r < out; r++)
        for (int k = 0; k < in; k++) w[r * padded + k] = small(r, k);
    panel_pack_in_place_q8(w, out, in, panel);
    for (int p = 0; p < panel_count(out); p++)
        for (int k = 0; k < padded; k++)
            for (int j = 0; j < PANEL; j++) {
                int row = p * PANEL + j, want = row < out && k < in ? small(row, k) : 0;
                int run = p * padded / Q8_RUN + k / Q8_RUN;
                int place = (run * PANEL + j) * Q8_RUN + k % Q8_RUN;
                assert_int_equal(w[place], want);
                assert_int_equal(panel_place_q8((size_t)row, (size_t)k, (size_t)padded), place);
            }
    int8_t *row = block((size_t)in, 1);
    for (int r = 0; r < out; r++) {
        panel_row_q8(w, r, in, row);
        for (int k = 0; k < in; k++) assert_int_equal(row[k], small(r, k));
    }
    free(w);
    free(panel);
    free(row);
}

static int nibble(int row, int column) { return (row * 7 + column * 5 + column / 16) % 16; }

/* Bytes for a run of inputs of each output, and in their high halves the next run. */
static void check_in_place_q4(int out, int in)
{
    size_t length = (size_t)in / 2, size = (size_t)panel_count(out) * PANEL * length;
    uint8_t *w = block(size, 1), *panel = block(PANEL * length, 1), *row = block(length, 1);
    memset(w, 0, size);
    for (int r = 0; r < out; r++)
        for (int k = 0; k < in; k++) w[r * in / 2 + k / 2] |= nibble(r, k) << k % 2 * 4;
    uint8_t *rows = memcpy(block(size, 1), w, size);
    panel_pack_in_place_q4(w, out, in, panel);
    for (int p = 0; p < panel_count(out); p++)
        for (int k = 0; k < in; k++)
            for (int j = 0; j < PANEL; j++) {
                int r = p * PANEL + j, want = r < out ? nibble(r, k) : 0;
                int runs = p * in / (2 * Q8_RUN) + k / (2 * Q8_RUN);
                int place = (runs * PANEL + j) * Q8_RUN + k % Q8_RUN;
                bool high = k % (2 * Q8_RUN) >= Q8_RUN;
                assert_int_equal(high ? w[place] >> 4 : w[place] & 15, want);
                assert_int_equal(panel_place_q4((size_t)r, (size_t)k, (size_t)in), place);
                assert_int_equal(panel_shift_q4((size_t)k), high ? 4 : 0);
            }
    for (int r = 0; r < out; r++) {
        panel_row_q4(w, r, in, row);
        assert_memory_equal(row, rows + (size_t)r * length, length);
    }
    free(w);
    free(panel);
    free(row);
    free(rows);
}

static void test_all_sizes(void **state)
{
    (void)state;
    for (size_t o = 0; o < COUNT(outs); o++)
        for (size_t i = 0; i < COUNT(ins); i++) {
            for (int more = 0; more <= 5; more += 5) {
                check_rows(outs[o], ins[i], ins[i] + more);
                check_columns(outs[o], ins[i], outs[o] + more);
            }
            check_in_place(outs[o], ins[i]);
            check_in_place_q8(outs[o], ins[i]);
            check_in_place_q4(outs[o], 8 * ins[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_all_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
