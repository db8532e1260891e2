/* Floating-point numbers and their decimal digits, both ways to the last bit: decimal_read() rounds
 * to the nearest double, halves to even, and decimal_of() gives all digits there are. In a few lines
 * rather than fast: exact integers of thousands of bits, one digit at a time. */
#ifndef VQA_WASM_DECIMAL_H
#define VQA_WASM_DECIMAL_H

enum { DECIMAL_DIGITS = 770 }; /* no double has more */

/* 0.d0 d1 d2 ... * 10^point, without zeros at either end; 0 has no digits and point 0. */
typedef struct {
    char digit[DECIMAL_DIGITS]; /* '0'..'9' */
    int count, point;
} decimal;

/* The digits of |x|, which is finite. */
void decimal_of(double x, decimal *d);

/* Round to the first `keep` digits, halves to even; `keep` may be 0 or less: then 0 or one digit is
 * left. */
void decimal_round(decimal *d, int keep);

/* The number that `text` (ends with a zero byte) begins with: a sign, digits with or without a
 * point, an exponent. *end is set behind it; to `text` where there is none, and the number is 0.
 * Infinite where it is too large for a double. */
double decimal_read(const char *text, const char **end);

#endif
