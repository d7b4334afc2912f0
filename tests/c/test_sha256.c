#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntrace/sha256.h"

/* Digests by Python's hashlib of the bytes (7 i + n) mod 256, i < n. */
static const struct {
    size_t size;
    const char *digest;
} vectors[] = {
    {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {1, "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"},
    {3, "6ab0dba1f4f1dfbb37b4f9eeb092c09fca4900ad32bdcd147d8dde35d6c87c35"},
    {55, "81afe5b788dc2ce138ff83d9b20164db75a94d75d2b2432eea4a0ef605088c72"},
    {56, "2aba54f0ac632420a2b502431408866e40e1d5e430df4cd822642c78ab2eb9c1"},
    {57, "903284efbf9100e8ba1614ec65eacacad125e03f857cae7acbf8b73b23e0fdfe"},
    {63, "733d3d4ee79ee67145bf73da13588f6f235d37414fc64b14a2f00f1762792f5e"},
    {64, "79322907b3e9d013d7dc2c2f256674dbf733045cde01df3539271c6f5605feb8"},
    {65, "d85c007c6eb440f085afa2b84f6f2bce4658b240e9f62cb1364bf0485a57e720"},
    {119, "6c87eedf096b345de205b702e5223b73b447a3207791ded3ea007ba15ed6736e"},
    {120, "42500cf6a1e3936d6b9e0bcfe296d654b63255e525487d3634d0b15fde591c4d"},
    {128, "489d55fea9a73af36b6dd0be7b4117d8e5683386d39544e8a44c99a87f368707"},
    {1000, "6b0df76627243d095b0c4400cb658b7e804dd03461cc03aee8fc8fe0bcada168"},
};

static size_t fill(uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)(i * 7 + n);
    }
    return n;
}

static void digests_equal_those_of_hashlib_at_every_padding(void **state) {
    (void)state;
    for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++) {
        uint8_t bytes[1000], digest[NT_SHA256_BYTES];
        char text[65];
        nt_sha256(digest, bytes, fill(bytes, vectors[v].size));
        nt_sha256_hex(text, digest, sizeof digest);
        assert_string_equal(text, vectors[v].digest);
    }
}

static void pieces_of_any_size_give_the_same_digest(void **state) {
    (void)state;
    uint8_t bytes[1000], whole[NT_SHA256_BYTES], parts[NT_SHA256_BYTES];
    nt_sha256(whole, bytes, fill(bytes, 1000));
    for (size_t piece = 1; piece < 200; piece++) {
        struct nt_sha256 hash;
        nt_sha256_start(&hash);
        for (size_t at = 0; at < 1000; at += piece) {
            nt_sha256_add(&hash, bytes + at, 1000 - at < piece ? 1000 - at : piece);
        }
        nt_sha256_finish(parts, &hash);
        assert_memory_equal(parts, whole, sizeof whole);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_equal_those_of_hashlib_at_every_padding),
        cmocka_unit_test(pieces_of_any_size_give_the_same_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
