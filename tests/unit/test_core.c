/* Errors, arenas, the bounds-checked reader, UTF-8, checksums and the thread pool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/checksum.h"
#include "core/crc32.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/reader.h"
#include "core/tensor.h"
#include "core/utf8.h"

#include "testing.h"

#undef fail /* ours is meant */

/* A block that is too large is NULL under AddressSanitizer too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

static void test_error_is_a_sentence(void **state)
{
    (void)state;
    error err = { .text = "older", .no_memory = true };
    assert_false(fail(&err, "tensor '%s': %d bytes, expected %d", "vit.weight", 12, 16384));
    assert_string_equal(err.text, "tensor 'vit.weight': 12 bytes, expected 16384");
    assert_false(err.no_memory);
    assert_false(fail_memory(&err, "not enough memory for %s", "the weights"));
    assert_string_equal(err.text, "not enough memory for the weights");
    assert_true(err.no_memory);
    assert_false(fail(&err, "%s", ""));
    assert_string_equal(err.text, "");
    assert_false(err.no_memory);
}

static void test_error_shows_what_is_no_text_as_question_marks(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *want;
    } cases[] = {
        { "plain", "plain" },
        { "a\nb\tc\x1b[0m\x7f", "a?b?c?[0m?" },
        { "caf\u00E9 \u4E2D\U0001F600", "caf\u00E9 \u4E2D\U0001F600" },
        { "\xFF\xC3", "??" },
        { "\xED\xA0\x80", "???" }, /* a surrogate */
        { "\xC0\xAF", "??" },      /* overlong */
        { "\xE4\xB8 \u4E2D\xAD", "?? \u4E2D?" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        error err;
        fail(&err, "'%s'", cases[i].bytes);
        char want[64];
        snprintf(want, sizeof want, "'%s'", cases[i].want);
        assert_string_equal(err.text, want);
    }
}

/* Whatever length the text has, what is kept is terminated UTF-8 of at most ERROR_SIZE - 1 bytes.
 */
static void test_error_is_cut_to_its_size(void **state)
{
    (void)state;
    static const char *const fills[] = { "x", "\u00E9", "\u4E2D", "\U0001F600" };
    for (size_t f = 0; f < COUNT(fills); f++)
        for (size_t length = ERROR_SIZE - 10; length < ERROR_SIZE + 10; length++) {
            char text[ERROR_SIZE + 20] = "";
            size_t one = strlen(fills[f]), size = 0;
            while (size < length % one) text[size++] = '.'; /* so that every cut occurs */
            for (; size + one <= length; size += one) memcpy(text + size, fills[f], one + 1);
            error err;
            memset(&err, 'z', sizeof err);
            fail(&err, "%s", text);
            size_t kept = strnlen(err.text, ERROR_SIZE);
            assert_int_equal(kept, size < ERROR_SIZE ? size : ERROR_SIZE - 1);
            assert_int_equal(utf8_valid(err.text, kept), kept);
            assert_memory_equal(err.text, text, kept - one);
        }
}

static void test_arena_gives_aligned_blocks_that_do_not_overlap(void **state)
{
    (void)state;
    static const struct {
        size_t count, item, cost;
    } cases[] = {
        { 0, 4, 0 },   { 1, 1, 64 },   { 64, 1, 64 },   { 65, 1, 128 },
        { 16, 4, 64 }, { 17, 4, 128 }, { 3, 100, 320 }, { 1000, 8, 8000 },
    };
    size_t total = 0, peak = 0;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(arena_cost(cases[i].count, cases[i].item), cases[i].cost);
        total += cases[i].cost;
    }
    arena a;
    error err;
    assert_true(arena_new(&a, total, "a test", &err));
    a.peak = &peak;
    uint8_t *end = a.base;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t *block = arena_take(&a, cases[i].count, cases[i].item);
        assert_ptr_equal(block, end);
        assert_int_equal((uintptr_t)block % ARENA_ALIGN, 0);
        memset(block, 0xa5, cases[i].count * cases[i].item); /* the sanitizer guards the last */
        end = block + cases[i].cost;
        assert_int_equal(a.used, end - a.base);
        assert_int_equal(peak, a.used);
    }
    assert_int_equal(a.used, a.size);
    arena_free(&a);
    assert_null(a.base);
    arena_free(&a);
}

static void take_from_a_copy(arena tmp) { arena_take(&tmp, 1000, 1); }

static void test_arena_copies_give_back_but_leave_the_peak(void **state)
{
    (void)state;
    arena a;
    error err;
    size_t peak = 0;
    assert_true(arena_new(&a, 2000, "a test", &err));
    assert_int_equal(a.size, 2048);
    a.peak = &peak;
    uint8_t *first = arena_take(&a, 64, 1);
    take_from_a_copy(a);
    assert_int_equal(a.used, 64);
    assert_int_equal(peak, 64 + 1024);
    take_from_a_copy(a);
    assert_int_equal(peak, 64 + 1024);
    assert_ptr_equal(arena_take(&a, 1, 1), first + 64);
    arena_free(&a);
}

/* Plans of sizes that would wrap around stay too large, and so do their sums. */
static void test_costs_do_not_wrap_around(void **state)
{
    (void)state;
    const uint64_t half = (uint64_t)1 << 32, costs[] = {
        arena_cost(half, half),
        arena_cost(UINT64_MAX, 1),
        arena_cost(UINT64_MAX / 4, 4),
        arena_cost(half, half / 2 + 1),
        tensor_cost(INT32_MAX, INT32_MAX),
        arena_cost((uint64_t)1 << 61, 8),
    };
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNT(costs); i++) {
        assert_true(costs[i] >= (uint64_t)1 << 52);
        assert_true(sum + costs[i] > sum);
        sum += costs[i];
    }
    arena a;
    error err;
    assert_false(arena_new(&a, sum, "too much", &err));
    assert_true(err.no_memory);
}

static void test_arena_refuses_what_no_machine_has(void **state)
{
    (void)state;
    static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - ARENA_ALIGN,
                                    SIZE_MAX - ARENA_ALIGN - 1, SIZE_MAX / 2 };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        arena a;
        error err = { .text = "" };
        assert_false(arena_new(&a, sizes[i], "the moon", &err));
        assert_null(a.base);
        assert_true(err.no_memory);
        char want[100];
        snprintf(want, sizeof want, "not enough memory for the moon (%zu bytes)", sizes[i]);
        assert_string_equal(err.text, want);
        arena_free(&a);
    }
    arena a;
    error err;
    assert_true(arena_new(&a, 0, "nothing", &err)); /* an empty plan is fine */
    assert_non_null(arena_take(&a, 0, 1));
    arena_free(&a);
}

static void test_tensors_are_rows_without_gaps(void **state)
{
    (void)state;
    arena a;
    error err;
    assert_true(arena_new(&a, tensor_cost(5, 7), "a tensor", &err));
    tensor t = tensor_new(&a, 5, 7);
    assert_int_equal(a.used, a.size);
    assert_ptr_equal(tensor_row(t, 3), t.data + 21);
    tensor part = tensor_rows(t, 2, 3);
    assert_ptr_equal(part.data, t.data + 14);
    assert_int_equal(part.rows, 3);
    assert_int_equal(part.cols, 7);
    arena_free(&a);
}

static uint64_t get(reader *r, int getter)
{
    switch (getter) {
    case 0: return read_u8(r);
    case 1: return read_u16le(r);
    case 2: return read_u16be(r);
    case 3: return read_u32le(r);
    case 4: return read_u32be(r);
    default: return read_u64le(r);
    }
}

static void test_reader_getters_at_the_end(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        uint64_t value;
    } getters[] = {
        { 1, 0x81 },       { 2, 0x9281 },     { 2, 0x8192 },
        { 4, 0xb4a39281 }, { 4, 0x8192a3b4 }, { 8, 0xf8e7d6c5b4a39281 },
    };
    static const uint8_t bytes[] = { 0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8, 0x7f };
    for (int g = 0; g < (int)COUNT(getters); g++)
        for (size_t size = 0; size <= sizeof bytes; size++) {
            uint8_t *copy = malloc(size ? size : 1); /* the sanitizer guards its end */
            assert_non_null(copy);
            memcpy(copy, bytes, size);
            reader r = reader_of(copy, size);
            bool enough = size >= getters[g].size;
            assert_true(get(&r, g) == (enough ? getters[g].value : 0));
            assert_int_equal(r.failed, !enough);
            assert_int_equal(reader_left(&r), enough ? size - getters[g].size : size);
            while (!r.failed) get(&r, g);
            for (int h = 0; h < (int)COUNT(getters); h++) assert_true(get(&r, h) == 0);
            assert_null(read_bytes(&r, 0)); /* it stays failed */
            assert_true(r.failed);
            free(copy);
        }
}

static void test_reader_bytes(void **state)
{
    (void)state;
    static const uint8_t bytes[4] = { 1, 2, 3, 4 };
    reader r = reader_of(bytes, sizeof bytes);
    assert_ptr_equal(read_bytes(&r, 3), bytes);
    assert_ptr_equal(read_bytes(&r, 0), bytes + 3);
    assert_int_equal(read_u8(&r), 4);
    assert_ptr_equal(read_bytes(&r, 0), bytes + 4);
    assert_false(r.failed);
    assert_null(read_bytes(&r, SIZE_MAX));
    assert_true(r.failed);
    reader nothing = reader_of(NULL, 0);
    assert_int_equal(reader_left(&nothing), 0);
    assert_int_equal(read_u32be(&nothing), 0);
    assert_true(nothing.failed);
}

static void test_utf8_of_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x120000; c++) {
        char b[4];
        int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
        for (int i = n - 1; i > 0; i--) b[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
        b[0] = (char)(lead[n] | c >> 6 * (n - 1));
        uint32_t code = 0;
        bool valid = c < 0x110000 && !(c >= 0xd800 && c < 0xe000);
        int length = utf8_decode(b, (size_t)n, &code);
        if (length != (valid ? n : 0) || (valid && code != c) || utf8_decode(b, 4, &code) != length)
            print_error("U+%04X: %d bytes\n", (unsigned)c, length), assert_true(false);
        if (n > 1) assert_int_equal(utf8_decode(b, (size_t)n - 1, &code), 0);
    }
}

static void test_utf8_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size, valid;
    } cases[] = {
        { "", 0, 0 },
        { "a\0b", 3, 3 },
        { "ab\x80", 3, 2 },
        { "\xC0\x80", 2, 0 }, /* overlong */
        { "\xC1\xBF", 2, 0 },
        { "\xE0\x9F\xBF", 3, 0 },
        { "\xF0\x8F\xBF\xBF", 4, 0 },
        { "\xF4\x90\x80\x80", 4, 0 }, /* beyond U+10FFFF */
        { "\xF8\x88\x80\x80\x80", 5, 0 },
        { "\xFE\xFF", 2, 0 },
        { "a\xC3(", 3, 1 },
        { "\u4E2D\xE4\xB8", 5, 3 }, /* cut off */
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(utf8_valid(cases[i].text, cases[i].size), cases[i].valid);
}

static void test_crc32(void **state)
{
    (void)state;
    static const char text[] = "123456789";
    assert_true(crc32_update(0, text, 9) == 0xcbf43926);
    assert_true(crc32_update(0, "", 0) == 0);
    assert_true(crc32_update(0, "The quick brown fox jumps over the lazy dog", 43) == 0x414fa339);
    for (size_t cut = 0; cut <= 9; cut++)
        assert_true(crc32_update(crc32_update(0, text, cut), text + cut, 9 - cut) == 0xcbf43926);
}

static void test_crc32_of_many_bytes(void **state)
{
    (void)state;
    static const size_t sizes[] = { 4095, 4096, 4097, 4111, 4112, 10007 };
    static uint8_t bytes[10007 + 3];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * i >> 3);
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t from = 0; from <= 3; from++) {
            uint32_t one_by_one = 0;
            for (size_t i = 0; i < sizes[s]; i++)
                one_by_one = crc32_update(one_by_one, bytes + from + i, 1);
            assert_true(crc32_update(0, bytes + from, sizes[s]) == one_by_one);
        }
}

static uint32_t checksum_of(const void *bytes, size_t size)
{
    checksum c = { 0 };
    checksum_add(&c, bytes, size);
    return checksum_value(&c);
}

/* XXH32's constants and steps, written out from its description. */
static uint32_t rotated(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }

static uint32_t joined(uint32_t sum, uint32_t word)
{
    return rotated(sum + word * 3266489917u, 17) * 668265263u;
}

static uint32_t defined_checksum(const uint8_t *b, size_t size)
{
    uint32_t lane[32] = { 0 };
    for (size_t at = 0; at < (size + 127) / 128 * 128; at += 4) {
        uint32_t word = 0, *l = &lane[at / 4 % 32];
        for (size_t i = 4; i-- > 0;) word = word << 8 | (at + i < size ? b[at + i] : 0);
        *l = rotated(*l + word * 2246822519u, 13) * 2654435761u;
    }
    uint32_t sum = joined(joined(0, (uint32_t)size), 0);
    for (int i = 0; i < 32; i++) sum = joined(sum, lane[i]);
    sum = (sum ^ sum >> 15) * 2246822519u;
    sum = (sum ^ sum >> 13) * 3266489917u;
    return sum ^ sum >> 16;
}

static void test_checksum_by_its_definition(void **state)
{
    (void)state;
    uint8_t bytes[700];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * i >> 3);
    for (size_t size = 0; size <= sizeof bytes; size++)
        assert_true(checksum_of(bytes, size) == defined_checksum(bytes, size));
}

static void test_checksum_in_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = { 1, 3, 4, 127, 128, 129, 257 };
    uint8_t bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * i >> 3);
    for (size_t p = 0; p < COUNT(pieces); p++)
        for (size_t size = 900; size <= sizeof bytes; size += 25) {
            checksum c = { 0 };
            checksum_add(&c, NULL, 0);
            for (size_t at = 0; at < size; at += pieces[p])
                checksum_add(&c, bytes + at, size - at < pieces[p] ? size - at : pieces[p]);
            assert_true(checksum_value(&c) == checksum_of(bytes, size));
        }
}

static void test_checksum_sees_every_bit(void **state)
{
    (void)state;
    uint8_t bytes[300] = { 1, 2, 3 };
    uint32_t whole = checksum_of(bytes, sizeof bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(checksum_of(bytes, sizeof bytes) != whole);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t size = 0; size < sizeof bytes; size++) /* zeros that are missing */
        assert_true(checksum_of(bytes, size) != whole);
}

enum { ROUNDS = 300, MOST = 100 };

static void count_up(void *context, int i) { ((int *)context)[i]++; }

static void assert_threads(const pool *p, int wanted)
{
#ifdef __EMSCRIPTEN__ /* the host has to run others */
    assert_in_range(pool_threads(p), 1, wanted);
#else
    assert_int_equal(pool_threads(p), wanted);
#endif
}

static void test_pool_runs_every_index_once(void **state)
{
    (void)state;
    for (int threads = 0; threads <= 8; threads++) {
        pool *p = threads ? pool_new(threads) : NULL;
        assert_true(threads == 0 || p);
        assert_threads(p, threads ? threads : 1);
        for (int round = 0; round < ROUNDS; round++) {
            int times[MOST + 1] = { 0 }, count = round % (MOST + 1);
            pool_run(p, count, count_up, times);
            for (int i = 0; i <= MOST; i++) assert_int_equal(times[i], i < count);
        }
        pool_free(p);
    }
}

/* Helpers of one loop may come late, into the next: they must take that one's work and context. */
static void test_pool_loops_follow_each_other(void **state)
{
    (void)state;
    enum { LOOPS = 2000 };
    pool *pools[] = { pool_new(2), pool_new(5) };
    int times[2][LOOPS][3] = { 0 };
    for (int loop = 0; loop < LOOPS; loop++)
        for (int p = 0; p < 2; p++) pool_run(pools[p], 2 + loop % 2, count_up, times[p][loop]);
    for (int p = 0; p < 2; p++) {
        for (int loop = 0; loop < LOOPS; loop++)
            for (int i = 0; i < 3; i++) assert_int_equal(times[p][loop][i], i < 2 + loop % 2);
        pool_free(pools[p]);
    }
}

static void test_pool_sizes(void **state)
{
    (void)state;
    static const int sizes[] = { -1, 0, 1, 2, POOL_MAX_THREADS + 1 };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        pool *p = pool_new(sizes[i]);
        assert_non_null(p);
        assert_threads(p, sizes[i] < 1                  ? 1
                          : sizes[i] > POOL_MAX_THREADS ? POOL_MAX_THREADS
                                                        : sizes[i]);
        pool_free(p); /* at once, with threads that may not have begun */
    }
    pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_is_a_sentence),
        cmocka_unit_test(test_error_shows_what_is_no_text_as_question_marks),
        cmocka_unit_test(test_error_is_cut_to_its_size),
        cmocka_unit_test(test_arena_gives_aligned_blocks_that_do_not_overlap),
        cmocka_unit_test(test_arena_copies_give_back_but_leave_the_peak),
        cmocka_unit_test(test_costs_do_not_wrap_around),
        cmocka_unit_test(test_arena_refuses_what_no_machine_has),
        cmocka_unit_test(test_tensors_are_rows_without_gaps),
        cmocka_unit_test(test_reader_getters_at_the_end),
        cmocka_unit_test(test_reader_bytes),
        cmocka_unit_test(test_utf8_of_every_code_point),
        cmocka_unit_test(test_utf8_refuses),
        cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_crc32_of_many_bytes),
        cmocka_unit_test(test_checksum_by_its_definition),
        cmocka_unit_test(test_checksum_in_pieces),
        cmocka_unit_test(test_checksum_sees_every_bit),
        cmocka_unit_test(test_pool_runs_every_index_once),
        cmocka_unit_test(test_pool_loops_follow_each_other),
        cmocka_unit_test(test_pool_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
