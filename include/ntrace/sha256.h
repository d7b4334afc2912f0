/* SHA-256, by which chunks and manifests are named and checked: NIST, FIPS 180-4, "Secure Hash Standard", 2015.
 * In C because a page served over plain HTTP has no crypto.subtle. */
#ifndef NTRACE_SHA256_H
#define NTRACE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_SHA256_BYTES = 32 };

struct nt_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes taken so far */
    uint8_t block[64];
};

/* Starts a hash; add bytes in pieces of any size; finish writes the digest, after which the struct must be started
 * anew. */
void nt_sha256_start(struct nt_sha256 *hash);
void nt_sha256_add(struct nt_sha256 *hash, const void *bytes, size_t size);
void nt_sha256_finish(uint8_t digest[NT_SHA256_BYTES], struct nt_sha256 *hash);

/* The digest of one piece. */
void nt_sha256(uint8_t digest[NT_SHA256_BYTES], const void *bytes, size_t size);

/* The first `bytes` (1 to 32) of a digest as lower-case hexadecimal, NUL-terminated: text holds 2 * bytes + 1. */
void nt_sha256_hex(char *text, const uint8_t *digest, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
