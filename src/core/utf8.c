#include "core/utf8.h"

int utf8_decode(const char *text, size_t size, uint32_t *code)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const uint8_t *b = (const uint8_t *)text;
    int length = b[0] < 0x80   ? 1
                 : b[0] < 0xc0 ? 0
                 : b[0] < 0xe0 ? 2
                 : b[0] < 0xf0 ? 3
                 : b[0] < 0xf8 ? 4
                               : 0;
    if (length == 0 || (size_t)length > size) return 0;
    uint32_t c = length == 1 ? b[0] : b[0] & (0x7fu >> length);
    for (int i = 1; i < length; i++) {
        if ((b[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (b[i] & 0x3f);
    }
    if (c < smallest[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return 0;
    *code = c;
    return length;
}

size_t utf8_valid(const char *text, size_t size)
{
    uint32_t code;
    size_t at = 0;
    for (int n; at < size && (n = utf8_decode(text + at, size - at, &code)) > 0;) at += (size_t)n;
    return at;
}
