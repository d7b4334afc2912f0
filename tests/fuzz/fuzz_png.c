/* PNG as grey and as colour. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "ntrace/png.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint32_t big_endian(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Gives every chunk the checksum of its bytes: else nearly nothing would come past the first check. */
static void repair(uint8_t *bytes, size_t size) {
    for (size_t at = 8; size - at >= 12;) {
        uint32_t length = big_endian(bytes + at);
        if (length > size - at - 12) {
            return;
        }
        uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), bytes + at + 4, length + 4);
        for (uint32_t i = 0; i < 4; i++) {
            bytes[at + 8 + length + i] = (uint8_t)(crc >> (24 - 8 * i));
        }
        at += 12 + (size_t)length;
    }
}

static void decode(const uint8_t *bytes, size_t size) {
    struct nt_png_header header;
    struct nt_error error = {0};
    if (nt_png_parse(&header, bytes, size, "x.png", &error) != NT_OK) {
        return;
    }
    for (uint32_t channels = 1; channels <= 3; channels += 2) {
        uint8_t *pixels = nt_allocate(nt_allocator_default(), (size_t)header.width * header.height, channels);
        if (pixels != NULL) {
            (void)nt_png_decode(pixels, bytes, size, &header, channels, "x.png", nt_allocator_default(), &error);
        }
        nt_release(nt_allocator_default(), pixels);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    decode(bytes, size);
    uint8_t *repaired = size > 8 ? malloc(size) : NULL;
    if (repaired != NULL) {
        memcpy(repaired, bytes, size);
        repair(repaired, size);
        decode(repaired, size);
        free(repaired);
    }
    return 0;
}
