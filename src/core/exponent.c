#include "core/exponent.h"

#include <stdint.h>
#include <string.h>

static const double LN2 = 0.693147180559945309417;

double nt_exp2(double x) {
    static const double inverse_factorial[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                                               1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                                               1.0 / 120,        1.0 / 24,        1.0 / 6,        1.0 / 2};
    const double shift = 6755399441055744.0; /* 3 * 2^51: adding it rounds to a whole number */
    if (x < -1000) {
        return 0;
    }
    double whole = (x + shift) - shift, t = (x - whole) * LN2, sum = inverse_factorial[0];
    for (int i = 1; i < (int)(sizeof inverse_factorial / sizeof *inverse_factorial); i++) {
        sum = sum * t + inverse_factorial[i];
    }
    sum = (sum * t + 1) * t + 1;
    uint64_t bits = (uint64_t)((int64_t)whole + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

double nt_log2(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t octave = (int64_t)(bits - 0x3fe6a09e667f3bcdu) >> 52; /* mantissa from the root of 1/2 to that of 2 */
    bits -= (uint64_t)octave << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    double s = (m - 1) / (m + 1), square = s * s, sum = 0;
    for (int i = 21; i >= 1; i -= 2) { /* log m = 2 artanh s */
        sum = sum * square + 1.0 / i;
    }
    return (double)octave + 2 * s * sum / LN2;
}
