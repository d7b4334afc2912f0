/* Folders of pictures. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/path.h"
#include "formats/images.h"
#include "formats/listing.h"
#include "ntrace/png.h"

struct album {
    struct nt_listing files;
    uint8_t *bytes; /* of the file read last, [room] */
    size_t room;
};

static enum nt_status cannot_read(const char *path, struct nt_error *error) {
    return nt_error_set(error, NT_E_IO, "%s: cannot be read: %s", path,
                        errno != 0 ? strerror(errno) : "input/output error");
}

/* Reads the first bytes of a file, at most `most`; *size is how many there were. */
static enum nt_status read_start(uint8_t *bytes, size_t *size, size_t most, FILE *file, const char *path,
                                 struct nt_error *error) {
    errno = 0;
    *size = fread(bytes, 1, most, file);
    return ferror(file) ? cannot_read(path, error) : NT_OK;
}

static enum nt_status read_header(struct nt_png_header *header, const char *path, struct nt_error *error) {
    uint8_t bytes[NT_PNG_HEADER_BYTES];
    size_t size = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return cannot_read(path, error);
    }
    enum nt_status status = read_start(bytes, &size, sizeof bytes, file, path, error);
    (void)fclose(file);
    return status == NT_OK ? nt_png_parse(header, bytes, size, path, error) : status;
}

/* Every picture's header: one size, and colour if any has it. */
static enum nt_status survey(struct nt_images_part *part, const struct album *album, struct nt_error *error) {
    uint32_t channels = 1;
    for (uint32_t i = 0; i < album->files.count; i++) {
        char path[NT_PATH_BYTES];
        struct nt_png_header header;
        NT_TRY(nt_path_join(path, part->path, album->files.name[i], error));
        NT_TRY(read_header(&header, path, error));
        channels = header.colour ? 3 : channels;
        if (i > 0 && (header.width != part->shape.width || header.height != part->shape.height)) {
            return nt_error_set(error, NT_E_SHAPE, "%s: expected %u x %u pixels as in '%s', found %u x %u", path,
                                part->shape.width, part->shape.height, album->files.name[0], header.width,
                                header.height);
        }
        part->shape = (struct nt_shape){channels, header.height, header.width};
    }
    part->shape.channels = channels;
    return NT_OK;
}

static void close_album(struct nt_images_part *part) {
    struct album *album = part->handle;
    nt_listing_clear(&album->files, part->allocator);
    nt_release(part->allocator, album->bytes);
}

static enum nt_status open_album(struct nt_images_part *part, struct nt_error *error) {
    struct album *album = part->handle;
    NT_TRY(nt_listing_read(&album->files, part->path, NT_LISTING_FILES, ".png", part->allocator, error));
    if (album->files.count == 0 || album->files.count > NT_IMAGES_MAX_COUNT) {
        return nt_error_set(error, NT_E_MISSING, "%s: expected 1 to %d .png files in this folder, found %u", part->path,
                            NT_IMAGES_MAX_COUNT, album->files.count);
    }
    part->count = album->files.count;
    return survey(part, album, error);
}

/* The whole file into the album's room, which grows where it must. */
static enum nt_status load(size_t *size, struct album *album, const char *path, const struct nt_allocator *allocator,
                           struct nt_error *error) {
    errno = 0;
    FILE *file = fopen(path, "rb");
    long length = file != NULL && fseeko(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    enum nt_status status = length >= 0 && fseeko(file, 0, SEEK_SET) == 0 ? NT_OK : cannot_read(path, error);
    if (status == NT_OK && length > NT_PNG_MAX_BYTES) {
        status = nt_error_set(error, NT_E_FORMAT, "%s: expected at most %d bytes, found %ld", path, NT_PNG_MAX_BYTES,
                              length);
    }
    if (status == NT_OK && (size_t)length > album->room) {
        nt_release(allocator, album->bytes);
        album->room = 2 * (size_t)length;
        album->bytes = nt_allocate(allocator, album->room, 1);
        if (album->bytes == NULL) {
            album->room = 0;
            status = nt_error_set(error, NT_E_MEMORY, "%s: not enough memory to read it", path);
        }
    }
    status = status == NT_OK ? read_start(album->bytes, size, (size_t)length, file, path, error) : status;
    if (file != NULL) {
        (void)fclose(file);
    }
    return status;
}

static enum nt_status read_picture(uint8_t *image, const struct nt_images_part *part, uint32_t number,
                                   struct nt_error *error) {
    struct album *album = part->handle;
    char path[NT_PATH_BYTES];
    struct nt_png_header header;
    size_t size = 0;
    NT_TRY(nt_path_join(path, part->path, album->files.name[number], error));
    NT_TRY(load(&size, album, path, part->allocator, error));
    NT_TRY(nt_png_parse(&header, album->bytes, size, path, error));
    if (header.width != part->shape.width || header.height != part->shape.height) {
        return nt_error_set(error, NT_E_SHAPE, "%s: it changed while it was read", path);
    }
    return nt_png_decode(image, album->bytes, size, &header, part->shape.channels, path, part->allocator, error);
}

const struct nt_images_format nt_images_png = {.ending = ".png",
                                               .handle_bytes = sizeof(struct album),
                                               .open = open_album,
                                               .read = read_picture,
                                               .close = close_album,
                                               .converts = true};
