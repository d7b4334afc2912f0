#include "bundle_input.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "ntrace/chunk.h"
#include "ntrace/sha256.h"

enum { SAMPLES = 24, CLASSES = 3, LAYERS = 3, PIXELS = 4, AXES = 3, MOST_RAW = 1 << 20 };

static const char *const ROLE[NT_ROLE_COUNT] = {"samples",   "images", "opening",  "codes",       "weights",
                                                "stability", "map",    "measures", "credibility", "suggestions"};

static uint32_t get(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* Bytes a row, and beside all rows, that chunks of a role take in this bundle; 0: of no rows. */
static uint32_t row_bytes(enum nt_role role) {
    static const uint32_t bytes[NT_ROLE_COUNT] = {8, PIXELS, 4 + PIXELS, AXES + 1, 0, 2 * LAYERS, 6, 10, 6, 0};
    return bytes[role];
}

/* Compresses contents, cut or filled up with zeros to what whole rows of the role take. */
static int compress_contents(struct bundle_input *input, enum nt_role role, const uint8_t *bytes, size_t size) {
    uint32_t row = row_bytes(role), beside = role == NT_ROLE_MEASURES ? 12 * (CLASSES + 1) : 0;
    uint32_t rows = row == 0 ? 0 : SAMPLES, raw_bytes = row == 0 ? (uint32_t)size : rows * row + beside;
    if (role == NT_ROLE_OPENING) {
        rows = size <= row ? 1 : size < (size_t)row * SAMPLES ? (uint32_t)(size / row) : SAMPLES;
        raw_bytes = rows * row;
    }
    uint8_t *raw = calloc(1, raw_bytes + 1u);
    if (raw == NULL) {
        return 0;
    }
    memcpy(raw, bytes, size < raw_bytes ? size : raw_bytes);
    bool joined = role == NT_ROLE_CODES;
    const struct nt_chunk_header header = {.rows = rows, .columns = joined ? row : 0, .raw_bytes = raw_bytes};
    uint8_t *chunk;
    enum nt_status status = nt_chunk_write(&chunk, &input->chunk_bytes, &header, raw, joined ? rows : raw_bytes + 1u,
                                           nt_allocator_default());
    free(raw);
    input->chunk = chunk;
    return status == NT_OK;
}

static void mend(uint8_t *chunk, size_t bytes) {
    if (bytes >= NT_CHUNK_HEADER_BYTES) {
        memcpy(chunk, chunk[6] == 2 ? "NTCK\1\0\2\0" : "NTCK\1\0\1\0", 8);
        put(chunk + 24, (uint32_t)crc32(0, chunk + NT_CHUNK_HEADER_BYTES, (uInt)(bytes - NT_CHUNK_HEADER_BYTES)));
        put(chunk + 28, (uint32_t)crc32(0, chunk, NT_CHUNK_HEADER_BYTES - 4));
    }
}

static void describe(struct bundle_input *input, enum nt_role role) {
    uint8_t digest[NT_SHA256_BYTES], header[NT_CHUNK_HEADER_BYTES] = {0};
    char hex[2 * NT_SHA256_BYTES + 1];
    nt_sha256(digest, input->chunk, input->chunk_bytes);
    nt_sha256_hex(hex, digest, NT_SHA256_BYTES);
    memcpy(header, input->chunk, input->chunk_bytes < sizeof header ? input->chunk_bytes : sizeof header);
    const char *map = "{\"left\":0,\"bottom\":0,\"step\":1,\"neighbors\":5,\"epochs\":1,\"moved\":null,\"k\":5,"
                      "\"trustworthiness\":1,\"continuity\":1}";
    const char *layer = "{\"name\":\"%s\",\"kind\":\"%s\",\"shape\":[%d,1,1],\"size\":%d,\"codes\":%d,\"axes\":%d,"
                        "\"step\":1,\"candidates\":20,\"candidates1000\":23,\"recall\":1,\"recallCodes\":1,\"map\":%s}";
    char first[400], second[400], third[400];
    (void)snprintf(first, sizeof first, layer, "Input", "input", PIXELS, PIXELS, 0, AXES, map);
    (void)snprintf(second, sizeof second, layer, "Flatten", "flatten", PIXELS, PIXELS, 0, AXES, map);
    (void)snprintf(third, sizeof third, layer, "Linear", "linear", CLASSES, CLASSES, 2, AXES, map);
    int length = snprintf(
        input->manifest, sizeof input->manifest,
        "{\"format\":\"ntrace-bundle\",\"version\":3,\"reader\":2,\"dataset\":{\"title\":\"t\",\"source\":\"s\","
        "\"licence\":\"l\",\"samples\":%d,\"synthetic\":true,\"image\":{\"channels\":1,\"height\":1,\"width\":%d}},"
        "\"classes\":[\"a\",\"b\",\"c\"],\"layers\":[%s,%s,%s],\"network\":{\"parameters\":15,\"accuracy\":1,"
        "\"balancedAccuracy\":1},\"stability\":{\"reference\":0,\"k\":5},\"measures\":{\"p\":0.9,\"calibration\":8,"
        "\"seed\":1,\"suggestions\":2},\"opening\":{\"sample\":0,\"from\":0,\"to\":1,\"k\":5},\"provenance\":{"
        "\"tool\":\"t\",\"command\":\"c\",\"weightsSha256\":\"\"},\"chunks\":[{\"file\":\"c/%.32s.bin\",\"role\":"
        "\"%s\",\"layer\":%u,\"row\":0,\"rows\":%u,\"columns\":%u,\"bytes\":%zu,\"raw\":%u,\"crc32\":\"%08x\","
        "\"sha256\":\"%s\"}]}",
        SAMPLES, PIXELS, first, second, third, hex, ROLE[role], (unsigned)get(header + 8), (unsigned)get(header + 12),
        (unsigned)get(header + 16), input->chunk_bytes, (unsigned)get(header + 20), (unsigned)get(header + 24), hex);
    if (length < 0 || (size_t)length >= sizeof input->manifest) {
        abort();
    }
    input->manifest_bytes = (size_t)length;
}

int bundle_input_make(struct bundle_input *input, const uint8_t *bytes, size_t size) {
    *input = (struct bundle_input){.chunk = NULL};
    if (size < 1 || size > MOST_RAW) {
        return 0;
    }
    enum nt_role role = (enum nt_role)((bytes[0] & INPUT_ROLE) % NT_ROLE_COUNT);
    if ((bytes[0] & INPUT_CONTENTS) != 0) {
        if (!compress_contents(input, role, bytes + 1, size - 1)) {
            return 0;
        }
    } else {
        input->chunk_bytes = size - 1;
        input->chunk = malloc(size); /* one byte more than needed: never none */
        if (input->chunk == NULL) {
            return 0;
        }
        memcpy(input->chunk, bytes + 1, size - 1);
        if ((bytes[0] & INPUT_MENDED) != 0) {
            mend(input->chunk, input->chunk_bytes);
        }
        if (input->chunk_bytes >= NT_CHUNK_HEADER_BYTES && get(input->chunk + 20) > MOST_RAW) {
            bundle_input_clear(input);
            return 0;
        }
    }
    describe(input, role);
    return 1;
}

void bundle_input_clear(struct bundle_input *input) {
    free(input->chunk);
    input->chunk = NULL;
}

enum nt_status bundle_input_try(const struct bundle_input *input, struct nt_error *error) {
    nt_bundle *bundle;
    enum nt_status status =
        nt_bundle_open(&bundle, input->manifest, input->manifest_bytes, nt_allocator_default(), error);
    if (status != NT_OK) {
        return status;
    }
    status = nt_bundle_feed(bundle, 0, input->chunk, input->chunk_bytes, error);
    if ((status == NT_OK) != (nt_bundle_chunk(bundle, 0)->loaded != 0)) {
        abort();
    }
    nt_bundle_close(bundle);
    return status;
}

enum nt_status manifest_try(const uint8_t *bytes, size_t size, struct nt_error *error) {
    nt_bundle *bundle;
    enum nt_status status = nt_bundle_open(&bundle, (const char *)bytes, size, nt_allocator_default(), error);
    if ((status == NT_OK) != (bundle != NULL) || (status != NT_OK && error->text[0] == 0)) {
        abort();
    }
    for (uint32_t l = 0; status == NT_OK && l < nt_bundle_layers(bundle); l++) {
        uint32_t chunk[4], served = nt_bundle_layer(bundle, l)->codes;
        uint32_t most = nt_bundle_samples(bundle) - 1, k = most < 500 ? most : 500;
        uint32_t candidates = nt_bundle_candidates_for(bundle, l, k);
        if (nt_bundle_layer(bundle, served)->codes != served || candidates < k || candidates > most) {
            abort();
        }
        for (int role = 0; role < NT_ROLE_COUNT; role++) {
            uint32_t needed = nt_bundle_need(chunk, 4, bundle, (enum nt_role)role, l, NULL, 0);
            if (needed > nt_bundle_chunks(bundle)) {
                abort();
            }
        }
    }
    nt_bundle_close(bundle);
    return status;
}
