#include "core/checksum.h"

#include <string.h>

#define PRIME_1 0x9E3779B1u
#define PRIME_2 0x85EBCA77u
#define PRIME_3 0xC2B2AE3Du
#define PRIME_4 0x27D4EB2Fu

static uint32_t rotate(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }

/* Words are little-endian, as this machine's are: see dtype.h. */
static void add_stripes(uint32_t *lanes, const uint8_t *b, size_t count)
{
    uint32_t lane[CHECKSUM_LANES], word[CHECKSUM_LANES];
    memcpy(lane, lanes, sizeof lane);
    for (; count > 0; count--, b += CHECKSUM_STRIPE) {
        memcpy(word, b, sizeof word);
        for (int i = 0; i < CHECKSUM_LANES; i++)
            lane[i] = rotate(lane[i] + word[i] * PRIME_2, 13) * PRIME_1;
    }
    memcpy(lanes, lane, sizeof lane);
}

void checksum_add(checksum *c, const void *bytes, size_t size)
{
    const uint8_t *b = bytes;
    size_t held = c->size % CHECKSUM_STRIPE;
    c->size += size;
    if (held > 0 && held + size >= CHECKSUM_STRIPE) {
        size_t part = CHECKSUM_STRIPE - held;
        memcpy(c->rest + held, b, part);
        add_stripes(c->lane, c->rest, 1);
        b += part;
        size -= part;
        held = 0;
    }
    if (held == 0) {
        add_stripes(c->lane, b, size / CHECKSUM_STRIPE);
        b += size / CHECKSUM_STRIPE * CHECKSUM_STRIPE;
        size %= CHECKSUM_STRIPE;
    }
    if (size > 0) memcpy(c->rest + held, b, size);
}

static uint32_t join(uint32_t sum, uint32_t word)
{
    return rotate(sum + word * PRIME_3, 17) * PRIME_4;
}

uint32_t checksum_value(const checksum *c)
{
    uint32_t lane[CHECKSUM_LANES];
    memcpy(lane, c->lane, sizeof lane);
    size_t held = c->size % CHECKSUM_STRIPE;
    if (held > 0) { /* with zeros behind it: the size tells how many */
        uint8_t last[CHECKSUM_STRIPE] = { 0 };
        memcpy(last, c->rest, held);
        add_stripes(lane, last, 1);
    }
    uint32_t sum = join(join(0, (uint32_t)c->size), (uint32_t)(c->size >> 32));
    for (int i = 0; i < CHECKSUM_LANES; i++) sum = join(sum, lane[i]);
    sum = (sum ^ sum >> 15) * PRIME_2;
    sum = (sum ^ sum >> 13) * PRIME_3;
    return sum ^ sum >> 16;
}
