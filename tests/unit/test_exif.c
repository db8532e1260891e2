/* The orientation tag out of TIFF structures, good and hostile, and the eight views. */
#include <stdlib.h>
#include <string.h>

#include "image/exif.h"

#include "testing.h"

/* One directory of two entries: the picture's width, the orientation 6. */
static const uint8_t little[] = {
    'I', 'I', 42, 0, 8, 0, 0, 0, 2, 0,       /* order, magic, place of the directory, its entries */
    0,   1,   4,  0, 1, 0, 0, 0, 7, 0, 0, 0, /* 0x0100, LONG, 1, 7 */
    18,  1,   3,  0, 1, 0, 0, 0, 6, 0, 0, 0, /* 0x0112, SHORT, 1, 6 */
    0,   0,   0,  0,                         /* no further directory */
};
static const uint8_t big[] = {
    'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2,       /* */
    1,   0,   0, 4,  0, 0, 0, 1, 0, 0, 0, 7, /* */
    1,   18,  0, 3,  0, 0, 0, 1, 0, 6, 0, 0, /* */
    0,   0,   0, 0,
};

enum { VALUE_AT = 30 }; /* of the orientation, low byte, little-endian */

/* The orientation of a copy that ends where its block of memory ends. */
static int orientation_of(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (size) memcpy(copy, bytes, size);
    int orientation = exif_orientation(copy, size);
    free(copy);
    return orientation;
}

static void test_both_byte_orders(void **state)
{
    (void)state;
    assert_int_equal(orientation_of(little, sizeof little), 6);
    assert_int_equal(orientation_of(big, sizeof big), 6);
}

static void test_only_1_to_8(void **state)
{
    (void)state;
    for (int value = 0; value < 256; value++) {
        uint8_t copy[sizeof little];
        memcpy(copy, little, sizeof little);
        copy[VALUE_AT] = (uint8_t)value;
        int want = value >= 1 && value <= 8 ? value : 1;
        assert_int_equal(orientation_of(copy, sizeof copy), want);
    }
}

static void test_other_type_or_count(void **state)
{
    (void)state;
    uint8_t copy[sizeof little];
    memcpy(copy, little, sizeof little);
    copy[24] = 4; /* LONG */
    assert_int_equal(orientation_of(copy, sizeof copy), 1);
    memcpy(copy, little, sizeof little);
    copy[26] = 2; /* two of them */
    assert_int_equal(orientation_of(copy, sizeof copy), 1);
}

/* Without its last four bytes (the next directory) it is still readable; any shorter it is not. */
static void test_truncations(void **state)
{
    (void)state;
    for (size_t n = 0; n <= sizeof little; n++) {
        int want = n >= sizeof little - 4 ? 6 : 1;
        assert_int_equal(orientation_of(little, n), want);
        assert_int_equal(orientation_of(big, n), want);
    }
}

static void test_flipped_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof big; i++) {
        for (int flip = 1; flip < 256; flip++) {
            uint8_t copy[sizeof big];
            memcpy(copy, big, sizeof big);
            copy[i] ^= (uint8_t)flip;
            int orientation = orientation_of(copy, sizeof copy);
            assert_in_range(orientation, 1, 8);
        }
    }
}

static void test_hostile_offsets(void **state)
{
    (void)state;
    static const uint32_t offsets[] = { 0,  1,    7,          36,         37,        38,
                                        39, 1000, 0x7fffffff, 0xfffffff8, 0xffffffff };
    for (size_t i = 0; i < COUNT(offsets); i++) {
        uint8_t copy[sizeof little];
        memcpy(copy, little, sizeof little);
        for (int b = 0; b < 4; b++) copy[4 + b] = (uint8_t)(offsets[i] >> 8 * b);
        assert_int_equal(orientation_of(copy, sizeof copy), 1);
    }
    uint8_t many[sizeof little];
    memcpy(many, little, sizeof little);
    many[8] = many[9] = 0xff; /* 65535 entries, the orientation still among those that exist */
    assert_int_equal(orientation_of(many, sizeof many), 6);
    many[22] = 0; /* no orientation any more */
    assert_int_equal(orientation_of(many, sizeof many), 1);
}

/* Stored as "ab / cd / ef" (2 x 3), seen as rows of the upright picture. */
static void test_views(void **state)
{
    (void)state;
    static const char *const upright[9] = {
        NULL,       "ab cd ef ", "ba dc fe ", "fe dc ba ", "ef cd ab ",
        "ace bdf ", "eca fdb ",  "fdb eca ",  "bdf ace ",
    };
    for (int orientation = 1; orientation <= 8; orientation++) {
        exif_view v = exif_upright(orientation, 2, 3);
        char seen[16] = { 0 }, *at = seen;
        for (int y = 0; y < v.height; y++) {
            for (int x = 0; x < v.width; x++)
                *at++ = "abcdef"[v.first + x * v.step_x + y * v.step_y];
            *at++ = ' ';
        }
        assert_string_equal(seen, upright[orientation]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_byte_orders),
        cmocka_unit_test(test_only_1_to_8),
        cmocka_unit_test(test_other_type_or_count),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_hostile_offsets),
        cmocka_unit_test(test_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
