/* What the WebAssembly module offers beyond the public headers: version, memory for one call, layout checks and the
 * self-test by which the loader decides whether a build can be trusted on this machine. The functions of the public
 * headers that are exported besides stand in exports.txt. */
#include <stddef.h>
#include <string.h>

#include "ntrace/allocator.h"
#include "ntrace/bundle.h"
#include "ntrace/codes.h"
#include "ntrace/explain.h"
#include "ntrace/knn.h"
#include "ntrace/net.h"
#include "ntrace/random.h"
#include "ntrace/sha256.h"
#include "ntrace/trace.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

/* engine.js, trace_layout.js, explain.js, shipped.js and suggestions.js read these structs by offset. */
_Static_assert(sizeof(struct nt_trace_point) == 44, "trace points have no padding");
_Static_assert(sizeof(struct nt_trace_sector) == 20, "trace sectors have no padding");
_Static_assert(offsetof(struct nt_trace, points) == 36 && offsetof(struct nt_trace, sectors) == 40, "nine numbers");
_Static_assert(sizeof(struct nt_trace) == 44, "nine numbers and two pointers");
_Static_assert(sizeof(struct nt_explain_request) == 48, "twelve numbers");
_Static_assert(sizeof(struct nt_explanation) == 116 && offsetof(struct nt_explanation, shape) == 32, "29 numbers");
_Static_assert(sizeof(struct nt_bundle_mapped) == 12 && sizeof(struct nt_bundle_measured) == 24, "pointers alone");
_Static_assert(sizeof(struct nt_bundle_credible) == 12 && sizeof(struct nt_suggestion) == 36,
               "three pointers; 9 numbers");
_Static_assert(sizeof(struct nt_error) == 516 && offsetof(struct nt_error, text) == 4, "status, then the text");
_Static_assert(sizeof(enum nt_status) == 4 && sizeof(size_t) == 4, "arguments are 32 bits wide");

const char *EXPORT(nt_wasm_version)(void);
void *EXPORT(nt_wasm_allocate)(size_t bytes);
void EXPORT(nt_wasm_release)(void *pointer);
const char *EXPORT(nt_wasm_self_test)(void);

const char *nt_wasm_version(void) { return NT_VERSION; }
void *nt_wasm_allocate(size_t bytes) { return nt_allocate(nt_allocator_default(), bytes, 1); }
void nt_wasm_release(void *pointer) { nt_release(nt_allocator_default(), pointer); }

/* ---- Self-test: kernels against known answers, and SIMD kernels against scalar ones, bit for bit. ---- */

enum { AXES = 32, SAMPLES = 3, CLASSES = 4 };

static int hashes(void) {
    static const char expected[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    uint8_t digest[NT_SHA256_BYTES];
    char text[2 * NT_SHA256_BYTES + 1];
    nt_sha256(digest, "abc", 3);
    nt_sha256_hex(text, digest, sizeof digest);
    return strcmp(text, expected) == 0;
}

/* Gaps of 0.5 in 100 places, all sums exact in float32. */
static int measures(void) {
    float a[100], b[100];
    for (int i = 0; i < 100; i++) {
        a[i] = (float)i;
        b[i] = (float)i + (i % 2 ? 0.5f : -0.5f);
    }
    return nt_distance_squared(a, b, 100) == 25.0f && nt_distance_squared(a, b, 3) == 0.75f;
}

static int scans(void) {
    static int8_t code[SAMPLES * AXES];
    static uint8_t rest[SAMPLES] = {1, 2, 3};
    static uint32_t norm[SAMPLES];
    struct nt_codes codes = {SAMPLES, AXES, AXES, 1.0f, code, rest, norm};
    for (int i = 0; i < SAMPLES; i++) {
        norm[i] = (uint32_t)rest[i] * rest[i];
        for (int j = 0; j < AXES; j++) {
            code[i * AXES + j] = (int8_t)((i * 37 + j * 29) % 255 - 127);
            norm[i] += (uint32_t)(code[i * AXES + j] * code[i * AXES + j]);
        }
    }
    uint32_t square[SAMPLES];
    nt_codes_scan(square, &codes, 0);
    for (int i = 0; i < SAMPLES; i++) {
        uint32_t expected = 1 + (uint32_t)rest[i] * rest[i];
        for (int j = 0; j < AXES; j++) {
            int gap = code[i * AXES + j] - code[j];
            expected += (uint32_t)(gap * gap);
        }
        if (square[i] != expected) {
            return 0;
        }
    }
    return 1;
}

static int forward(float logit[CLASSES], const nt_net *net, const float *image) {
    float *activation[NT_NET_MAX_LAYERS] = {NULL};
    void *scratch = nt_wasm_allocate(nt_net_forward_bytes(net, 1));
    activation[nt_net_layers(net) - 1] = logit;
    int done = scratch != NULL && nt_net_forward(activation, net, image, 1, scratch) == NT_OK;
    nt_wasm_release(scratch);
    return done;
}

/* The logits that every target gives for the network and the image below, to the last bit. */
static const float EXPECTED[CLASSES] = {-0x1.5b1c8p-2f, 0x1.342622p-2f, 0x1.b66c9cp-2f, -0x1.c4e0a8p-2f};

static int computes(void) {
    nt_net *net = NULL;
    float image[784];
    struct nt_random random;
    if (nt_net_create_reference(&net, CLASSES, nt_allocator_default(), NULL) != NT_OK) {
        return 0;
    }
    nt_random_seed(&random, 1, 1);
    float *value = nt_net_values(net);
    for (uint64_t i = 0; i < nt_net_parameters(net); i++) {
        value[i] = nt_random_between(&random, -0.2f, 0.2f);
    }
    nt_net_changed(net);
    for (int i = 0; i < 784; i++) {
        image[i] = nt_random_uniform(&random);
    }
    float logit[CLASSES];
    int same = forward(logit, net, image) && memcmp(logit, EXPECTED, sizeof logit) == 0;
    nt_net_free(net);
    return same;
}

/* NULL when all is well, else what failed. */
const char *nt_wasm_self_test(void) {
    static const struct {
        const char *name;
        int (*passes)(void);
    } tests[] = {
        {"SHA-256", hashes}, {"distances", measures}, {"the scan over codes", scans}, {"the network", computes}};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (!tests[i].passes()) {
            return tests[i].name;
        }
    }
    return NULL;
}
