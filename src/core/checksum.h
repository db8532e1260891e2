/* A checksum for many bytes: 32 lanes, each with the round of XXH32 (xxhash.com, "XXH32 algorithm") over
 * every 32nd word of 32 bits, so that vectors compute it at the speed of memory; then the lanes are
 * joined as XXH32 joins words. Every step can be undone, so whatever changes the words of one lane
 * changes the result; other damage goes unseen in one of 2^32 cases. Not against forgery. */
#ifndef VQA_CORE_CHECKSUM_H
#define VQA_CORE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum { CHECKSUM_LANES = 32, CHECKSUM_STRIPE = CHECKSUM_LANES * 4 };

/* Of the bytes so far; zeros before the first. */
typedef struct {
    uint32_t lane[CHECKSUM_LANES];
    uint8_t rest[CHECKSUM_STRIPE]; /* the last bytes, less than a stripe */
    uint64_t size;                 /* of all bytes */
} checksum;

/* Take in `size` more bytes, which may be NULL if there are none. */
void checksum_add(checksum *c, const void *bytes, size_t size);

/* The sum of all bytes so far; more may follow. */
uint32_t checksum_value(const checksum *c);

#endif
