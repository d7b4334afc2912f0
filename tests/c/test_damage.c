/* Damage: any byte of a bundle changed to any value, anything cut. What reads it says so, or reads what was there. */
#include "bundle_world.h"
#include "ntrace/chunk.h"
#include "ntrace/models.h"

/* Sanitizers take their time; what they look for shows with fewer changes. */
#if defined(__SANITIZE_ADDRESS__)
enum { CHANGES_OF_CHUNKS = 1000, CHANGES_OF_MANIFEST = 1000 };
#else
enum { CHANGES_OF_CHUNKS = 12000, CHANGES_OF_MANIFEST = 30000 };
#endif

struct file {
    char path[160];
    uint8_t *bytes;
    size_t size;
};

static struct file read_file(const char *name) {
    struct file file;
    (void)snprintf(file.path, sizeof file.path, "%s/%s", world.folder, name);
    assert_int_equal(nt_folder_read_file(&file.bytes, &file.size, file.path, 1 << 24, memory(), NULL), NT_OK);
    return file;
}

/* ---- Changes: each byte, and about `wanted` in all; over the bytes, every value. ---- */

struct changes {
    size_t size, at;
    unsigned step, change;
};

static struct changes changes_of(size_t size, size_t wanted) {
    size_t step = 255 * size / wanted;
    return (struct changes){.size = size, .step = step < 1 ? 1 : step > 255 ? 255 : (unsigned)step, .change = 1};
}

/* Changes bytes[changes->at] by exclusive or; giving the same change again undoes it. */
static void change(uint8_t *bytes, const struct changes *c) { bytes[c->at] ^= (uint8_t)c->change; }

static bool next(struct changes *c) {
    c->change += c->step;
    if (c->change > 255) {
        c->at++;
        c->change = 1 + (unsigned)(c->at % c->step);
    }
    return c->at < c->size;
}

/* ---- Chunks. ---- */

static const struct nt_bundle_chunk *first_of(uint32_t *number, const nt_bundle *bundle, enum nt_role role) {
    *number = 0;
    while (nt_bundle_chunk(bundle, *number)->role != role) {
        assert_true(*number + 1 < nt_bundle_chunks(bundle));
        (*number)++;
    }
    return nt_bundle_chunk(bundle, *number);
}

/* The chunk's own checks, without the SHA-256 that the manifest adds. True where it was read, which is then the same.
 */
static bool reads(uint8_t *raw, const uint8_t *original, const struct nt_bundle_chunk *chunk, const uint8_t *bytes,
                  size_t size) {
    struct nt_chunk_header header;
    if (nt_chunk_header(&header, bytes, size, chunk->file, NULL) != NT_OK || header.raw_bytes != chunk->raw_bytes) {
        return false;
    }
    if (nt_chunk_read(raw, &header, bytes, size, chunk->file, memory(), NULL) != NT_OK) {
        return false;
    }
    assert_int_equal(header.layer, chunk->layer);
    assert_int_equal(header.rows, chunk->rows);
    assert_int_equal(header.columns, chunk->columns);
    assert_memory_equal(raw, original, chunk->raw_bytes);
    return true;
}

static void refused(nt_bundle *bundle, uint32_t number, const uint8_t *bytes, size_t size) {
    struct nt_error error = {0};
    assert_int_equal(nt_bundle_feed(bundle, number, bytes, size, &error), NT_E_DAMAGED);
    assert_false(nt_bundle_chunk(bundle, number)->loaded);
    assert_non_null(strstr(error.text, nt_bundle_chunk(bundle, number)->file));
}

static size_t change_chunk(nt_bundle *bundle, uint32_t number) {
    const struct nt_bundle_chunk *chunk = nt_bundle_chunk(bundle, number);
    struct file file = read_file(chunk->file);
    uint8_t *original = nt_allocate(memory(), chunk->raw_bytes, 1), *raw = nt_allocate(memory(), chunk->raw_bytes, 1);
    struct nt_chunk_header header;
    size_t tried = 0;
    assert_int_equal(nt_chunk_header(&header, file.bytes, file.size, chunk->file, NULL), NT_OK);
    assert_int_equal(nt_chunk_read(original, &header, file.bytes, file.size, chunk->file, memory(), NULL), NT_OK);
    struct changes c = changes_of(file.size, CHANGES_OF_CHUNKS);
    do {
        change(file.bytes, &c);
        (void)reads(raw, original, chunk, file.bytes, file.size);
        if (tried++ % 8 == 0) {
            refused(bundle, number, file.bytes, file.size);
        }
        change(file.bytes, &c);
    } while (next(&c));
    assert_true(reads(raw, original, chunk, file.bytes, file.size));
    assert_int_equal(nt_bundle_feed(bundle, number, file.bytes, file.size, NULL), NT_OK);
    nt_release(memory(), file.bytes);
    nt_release(memory(), original);
    nt_release(memory(), raw);
    return tried;
}

static void every_byte_of_every_kind_of_chunk_is_guarded(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    for (int role = 0; role < NT_ROLE_COUNT; role++) {
        uint32_t number;
        (void)first_of(&number, bundle, (enum nt_role)role);
        assert_true(change_chunk(bundle, number) >= CHANGES_OF_CHUNKS / 2);
    }
    nt_bundle_close(bundle);
}

static void every_truncation_of_every_kind_of_chunk_is_refused(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    for (int role = 0; role < NT_ROLE_COUNT; role++) {
        uint32_t number;
        const struct nt_bundle_chunk *chunk = first_of(&number, bundle, (enum nt_role)role);
        struct file file = read_file(chunk->file);
        uint8_t *raw = nt_allocate(memory(), chunk->raw_bytes, 1);
        for (size_t size = 0; size < file.size; size++) {
            refused(bundle, number, file.bytes, size);
            assert_false(reads(raw, raw, chunk, file.bytes, size));
        }
        nt_release(memory(), file.bytes);
        nt_release(memory(), raw);
    }
    nt_bundle_close(bundle);
}

/* ---- The manifest and what names it: files that are changed where they lie, and opened as a folder. ---- */

static void put_byte(FILE *file, size_t at, uint8_t byte) {
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    assert_int_equal(fwrite(&byte, 1, 1, file), 1);
    assert_int_equal(fflush(file), 0);
}

static void name_of_manifest(char *name) {
    struct nt_models models;
    assert_int_equal(nt_models_read(&models, world.folder, memory(), NULL), NT_OK);
    (void)strcpy(name, models.model[0].manifest);
}

static enum nt_status open_and_close(struct nt_error *error) {
    nt_bundle *bundle;
    enum nt_status status = nt_folder_open(&bundle, world.folder, memory(), error);
    assert_int_equal(status == NT_OK, bundle != NULL);
    nt_bundle_close(bundle);
    return status;
}

static void every_byte_of_the_manifest_is_guarded(void **state) {
    (void)state;
    char name[NT_MODELS_FILE_BYTES];
    name_of_manifest(name);
    struct file json = read_file(name);
    FILE *file = fopen(json.path, "r+b");
    assert_non_null(file);
    struct changes c = changes_of(json.size, CHANGES_OF_MANIFEST);
    size_t tried = 0;
    do {
        struct nt_error error = {0};
        put_byte(file, c.at, (uint8_t)(json.bytes[c.at] ^ c.change));
        assert_int_equal(open_and_close(&error), NT_E_DAMAGED);
        assert_non_null(strstr(error.text, name));
        put_byte(file, c.at, json.bytes[c.at]);
        tried++;
    } while (next(&c));
    assert_true(tried >= CHANGES_OF_MANIFEST / 2);
    assert_int_equal(open_and_close(NULL), NT_OK);
    for (size_t size = json.size; size-- > 0;) {
        assert_int_equal(ftruncate(fileno(file), (off_t)size), 0);
        assert_int_equal(open_and_close(NULL), NT_E_DAMAGED);
    }
    (void)fclose(file);
    assert_int_equal(nt_folder_write_file(json.path, json.bytes, json.size, NULL), NT_OK);
    nt_release(memory(), json.bytes);
}

static void every_byte_of_the_file_that_names_the_manifest_is_guarded(void **state) {
    (void)state;
    struct file current = read_file("current.json");
    FILE *file = fopen(current.path, "r+b");
    char name[NT_MODELS_FILE_BYTES];
    size_t opened = 0, refusals = 0;
    assert_non_null(file);
    name_of_manifest(name);
    for (struct changes c = changes_of(current.size, 255 * current.size); c.at < current.size; (void)next(&c)) {
        struct nt_models models;
        struct nt_error error = {0};
        put_byte(file, c.at, (uint8_t)(current.bytes[c.at] ^ c.change));
        if (open_and_close(&error) == NT_OK) { /* white space, or after the end */
            assert_int_equal(nt_models_read(&models, world.folder, memory(), NULL), NT_OK);
            assert_string_equal(models.model[models.first].manifest, name);
            opened++;
        } else {
            assert_true(error.text[0] != 0);
            refusals++;
        }
        put_byte(file, c.at, current.bytes[c.at]);
    }
    assert_true(refusals > 10 * opened);
    for (size_t size = current.size; size-- > 0;) {
        assert_int_equal(ftruncate(fileno(file), (off_t)size), 0);
        bool whole = current.bytes[size] == '\n'; /* what follows the last brace says nothing */
        assert_int_equal(open_and_close(NULL) == NT_OK, whole);
    }
    (void)fclose(file);
    assert_int_equal(nt_folder_write_file(current.path, current.bytes, current.size, NULL), NT_OK);
    assert_int_equal(open_and_close(NULL), NT_OK);
    nt_release(memory(), current.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_of_every_kind_of_chunk_is_guarded),
        cmocka_unit_test(every_truncation_of_every_kind_of_chunk_is_refused),
        cmocka_unit_test(every_byte_of_the_manifest_is_guarded),
        cmocka_unit_test(every_byte_of_the_file_that_names_the_manifest_is_guarded),
    };
    return cmocka_run_group_tests_name("damage", tests, make_world, remove_world);
}
