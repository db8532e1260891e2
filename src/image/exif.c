#include "image/exif.h"

#include <assert.h>
#include <stdbool.h>

#include "core/reader.h"

enum {
    TIFF_MAGIC = 42,
    TAG_ORIENTATION = 0x0112,
    TYPE_SHORT = 3,
};

/* A TIFF structure and the byte order it declares. */
typedef struct {
    reader r;
    bool little;
} tiff;

static uint16_t u16(tiff *t) { return t->little ? read_u16le(&t->r) : read_u16be(&t->r); }

static uint32_t u32(tiff *t) { return t->little ? read_u32le(&t->r) : read_u32be(&t->r); }

int exif_orientation(const uint8_t *bytes, size_t size)
{
    tiff t = { reader_of(bytes, size), false };
    uint16_t order = read_u16be(&t.r);
    if (order != 0x4949 && order != 0x4d4d) return 1; /* "II", "MM" */
    t.little = order == 0x4949;
    if (u16(&t) != TIFF_MAGIC) return 1;

    uint32_t directory = u32(&t);
    if (t.r.failed || directory < 8 || directory > size) return 1;
    t.r = reader_of(bytes + directory, size - directory);

    int entries = u16(&t);
    for (int i = 0; i < entries && !t.r.failed; i++) {
        uint16_t tag = u16(&t), type = u16(&t);
        uint32_t count = u32(&t);
        uint16_t value = u16(&t); /* a SHORT stands in the first half of the four bytes */
        u16(&t);
        if (t.r.failed) return 1;
        if (tag == TAG_ORIENTATION)
            return type == TYPE_SHORT && count == 1 && value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
}

exif_view exif_upright(int orientation, int width, int height)
{
    assert(orientation >= 1 && orientation <= 8 && width > 0 && height > 0);
    ptrdiff_t row = width, right = width - 1, bottom = (height - 1) * row;
    switch (orientation) {
    case 2: return (exif_view){ width, height, right, -1, row };           /* mirrored */
    case 3: return (exif_view){ width, height, bottom + right, -1, -row }; /* upside down */
    case 4: return (exif_view){ width, height, bottom, 1, -row }; /* upside down, mirrored */
    case 5: return (exif_view){ height, width, 0, row, 1 };       /* rows are columns */
    case 6: return (exif_view){ height, width, bottom, -row, 1 }; /* turn it clockwise */
    case 7: return (exif_view){ height, width, bottom + right, -row, -1 }; /* the other diagonal */
    case 8: return (exif_view){ height, width, right, row, -1 };           /* counter-clockwise */
    default: return (exif_view){ width, height, 0, 1, row };
    }
}
