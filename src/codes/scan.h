/* The scan over codes, one file per target: integers, so that all give the same numbers. */
#ifndef NTRACE_CODES_SCAN_H
#define NTRACE_CODES_SCAN_H

#include <stdint.h>

/* square [samples] = norm + query_norm - 2 code·query. code [samples, stride], query [stride], stride a multiple of 32.
 */
typedef void nt_codes_scanner(uint32_t *square, const int8_t *code, const uint32_t *norm, const int16_t *query,
                              uint32_t query_norm, uint32_t samples, uint32_t stride);

/* The best one for this machine. */
nt_codes_scanner nt_codes_scan_rows;

nt_codes_scanner nt_codes_scan_scalar, nt_codes_scan_simd128, nt_codes_scan_avx2, nt_codes_scan_avx512;

#endif
