#include "bundle/pack_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/path.h"
#include "ntrace/folder.h"
#include "ntrace/sha256.h"

static const char MAGIC[8] = "NTPACK1";
enum { MOST_BYTES = 1 << 30 };

/* What a file begins with; the rest follows in the order of `walk`. */
struct head {
    char magic[8];
    uint8_t hash[32];
    uint32_t layer, chunks, codes; /* chunks of this layer; whether its codes follow */
    uint32_t axes, crc;            /* of the codes; of all that follows */
    float step;
    uint64_t bytes, layer_bytes;
};

/* ---- What it all depends on. ---- */

static void add(struct nt_sha256 *hash, const void *bytes, size_t size) { nt_sha256_add(hash, bytes, size); }

static void add_text(struct nt_sha256 *hash, const char *text) { add(hash, text, strlen(text) + 1); }

static void add_layers(struct nt_sha256 *hash, const struct nt_packer *p) {
    for (uint32_t l = 0; l < p->layers; l++) {
        const struct nt_bundle_layer *layer = &p->manifest.layer[l];
        const uint32_t numbers[] = {(uint32_t)layer->kind, layer->shape.channels, layer->shape.height,
                                    layer->shape.width,    layer->size,           layer->codes};
        add_text(hash, layer->name);
        add(hash, numbers, sizeof numbers);
    }
}

void nt_pack_state_start(struct nt_packer *p) {
    const struct nt_pack_options *o = p->options;
    const struct nt_pack_data *d = p->data;
    const uint64_t numbers[] = {p->samples,
                                d->classes,
                                p->layers,
                                p->k,
                                o->seed,
                                (uint64_t)p->memory,
                                d->weights_bytes,
                                sizeof(struct nt_bundle_layer),
                                sizeof(struct nt_bundle_chunk)};
    const double reals[] = {(double)o->step, o->recall};
    struct nt_sha256 hash;
    if (o->state == NULL) {
        return;
    }
    nt_sha256_start(&hash);
    add_text(&hash, NT_VERSION);
    add(&hash, o->inputs, sizeof o->inputs);
    add(&hash, numbers, sizeof numbers);
    add(&hash, reals, sizeof reals);
    add(&hash, &d->images.shape, sizeof d->images.shape);
    add(&hash, d->label, p->samples * sizeof *d->label);
    add(&hash, p->manifest.class_name, p->manifest.classes * sizeof *p->manifest.class_name);
    add_text(&hash, p->manifest.provenance.weights_sha256);
    add(&hash, d->prediction, d->prediction != NULL ? p->samples * sizeof *d->prediction : 0);
    add(&hash, d->confidence, d->confidence != NULL ? p->samples * sizeof *d->confidence : 0);
    add(&hash, d->part, d->part != NULL ? d->parts * sizeof *d->part : 0);
    add_layers(&hash, p);
    nt_sha256_finish(p->state_hash, &hash);
}

/* ---- Files. ---- */

static enum nt_status path_of(char *path, const struct nt_packer *p, uint32_t layer) {
    char name[32];
    (void)snprintf(name, sizeof name, "layer-%03u", layer);
    return nt_path_join(path, p->options->state, name, p->error);
}

/* Goes through the parts of a file in their order, copying to it or from it; returns the bytes in all. bytes may be
 * NULL: then only the size is found. */
struct parts {
    uint8_t *bytes;
    size_t at;
    bool writing;
};

static void part(struct parts *w, void *field, size_t size) {
    if (w->bytes != NULL && size > 0) {
        memcpy(w->writing ? (void *)(w->bytes + w->at) : field, w->writing ? field : (void *)(w->bytes + w->at), size);
    }
    w->at += size;
}

/* All but head, graph and codes. */
static void walk(struct parts *w, struct nt_packer *p, uint32_t layer, uint32_t first_chunk, uint32_t chunks) {
    part(w, &p->manifest.layer[layer], sizeof *p->manifest.layer);
    part(w, p->manifest.chunk + first_chunk, chunks * sizeof *p->manifest.chunk);
    part(w, p->stability + (size_t)layer * p->samples, p->samples * sizeof *p->stability);
    part(w, p->map, 2 * (size_t)p->samples * sizeof *p->map);
}

static size_t codes_bytes(const struct nt_packer *p, uint32_t axes) { return (axes + (size_t)1) * p->samples; }

enum nt_status nt_pack_state_save(struct nt_packer *p, uint32_t layer, const struct nt_codes *codes, uint32_t chunks,
                                  uint64_t bytes) {
    char path[NT_PATH_BYTES];
    if (p->options->state == NULL) {
        return NT_OK;
    }
    bool wanted = layer == 0 || layer == p->manifest.layer[p->layers - 1].codes;
    struct head head = {.layer = layer, .chunks = p->manifest.chunks - chunks, .codes = wanted, .axes = codes->axes};
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    memcpy(head.hash, p->state_hash, sizeof head.hash);
    head.step = codes->step;
    head.bytes = p->result->bytes - bytes;
    head.layer_bytes = p->result->layer_bytes[layer];
    struct parts w = {.writing = true};
    walk(&w, p, layer, chunks, head.chunks);
    size_t graph = nt_graph_packed_bytes(p->samples, p->k),
           size = sizeof head + w.at + graph + (wanted ? codes_bytes(p, codes->axes) : 0);
    uint8_t *file = nt_allocate(p->allocator, size, 1);
    if (file == NULL) {
        return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to keep what was packed");
    }
    w = (struct parts){file + sizeof head, 0, true};
    walk(&w, p, layer, chunks, head.chunks);
    nt_graph_pack(w.bytes + w.at, p->graph);
    if (wanted) {
        nt_codes_get(w.bytes + w.at + graph, codes, 0, p->samples);
    }
    head.crc = (uint32_t)crc32_z(crc32(0, NULL, 0), file + sizeof head, size - sizeof head);
    memcpy(file, &head, sizeof head);
    enum nt_status status = path_of(path, p, layer);
    if (status == NT_OK && mkdir(p->options->state, 0777) != 0 && errno != EEXIST) {
        status = nt_error_set(p->error, NT_E_IO, "%s: cannot make this folder: %s", p->options->state, strerror(errno));
    }
    status = status == NT_OK ? nt_folder_write_file(path, file, size, p->error) : status;
    nt_release(p->allocator, file);
    return status;
}

/* ---- Taking up. ---- */

/* Whether a file is whole and belongs to what is packed now. */
static bool is_good(struct head *head, const struct nt_packer *p, uint32_t layer, const uint8_t *file, size_t size) {
    if (size < sizeof *head) {
        return false;
    }
    memcpy(head, file, sizeof *head);
    if (memcmp(head->magic, MAGIC, sizeof MAGIC) != 0 || memcmp(head->hash, p->state_hash, sizeof head->hash) != 0 ||
        head->layer != layer || head->axes > NT_CODES_MAX_AXES ||
        head->chunks > NT_MANIFEST_MAX_CHUNKS - p->manifest.chunks) {
        return false;
    }
    struct parts w = {0};
    walk(&w, (struct nt_packer *)(uintptr_t)p, layer, p->manifest.chunks, head->chunks);
    size_t expected =
        sizeof *head + w.at + nt_graph_packed_bytes(p->samples, p->k) + (head->codes ? codes_bytes(p, head->axes) : 0);
    return size == expected &&
           head->crc == (uint32_t)crc32_z(crc32(0, NULL, 0), file + sizeof *head, size - sizeof *head);
}

/* Whether the chunks that a layer wrote are still there. */
static bool are_there(const struct nt_packer *p, const struct nt_bundle_chunk *chunk, uint32_t chunks) {
    for (uint32_t c = 0; c < chunks; c++) {
        char path[NT_PATH_BYTES];
        uint8_t *bytes, digest[NT_SHA256_BYTES] = {0};
        size_t size;
        struct nt_error error = {0};
        if (nt_path_join(path, p->path, chunk[c].file, &error) != NT_OK ||
            nt_folder_read_file(&bytes, &size, path, NT_CHUNK_MAX_BYTES, p->allocator, &error) != NT_OK) {
            return false;
        }
        nt_sha256(digest, bytes, size);
        nt_release(p->allocator, bytes);
        if (memcmp(digest, chunk[c].sha256, sizeof digest) != 0) {
            return false;
        }
    }
    return true;
}

static enum nt_status take(struct nt_codes *codes, nt_graph **graph, struct nt_packer *p, const struct head *head,
                           uint8_t *bytes) {
    uint32_t layer = head->layer, first = p->manifest.chunks;
    struct parts w = {.bytes = bytes};
    walk(&w, p, layer, first, head->chunks);
    NT_TRY(nt_graph_unpack(graph, bytes + w.at, p->samples, p->k, p->allocator));
    if (head->codes) {
        enum nt_status status = nt_codes_create(codes, p->samples, head->axes, head->step, p->allocator);
        if (status != NT_OK) {
            nt_graph_free(*graph);
            return status;
        }
        nt_codes_put(codes, bytes + w.at + nt_graph_packed_bytes(p->samples, p->k), 0, p->samples);
    }
    p->manifest.chunks += head->chunks;
    p->result->bytes += head->bytes;
    p->result->layer_bytes[layer] = head->layer_bytes;
    p->result->code_bytes += head->layer_bytes;
    p->mapped = true;
    p->result->resumed++;
    return NT_OK;
}

enum nt_status nt_pack_state_load(bool *found, struct nt_codes *codes, nt_graph **graph, struct nt_packer *p,
                                  uint32_t layer) {
    char path[NT_PATH_BYTES];
    uint8_t *file = NULL;
    size_t size;
    struct head head;
    *found = false;
    if (p->options->state == NULL || path_of(path, p, layer) != NT_OK ||
        nt_folder_read_file(&file, &size, path, MOST_BYTES, p->allocator, NULL) != NT_OK) {
        return NT_OK;
    }
    enum nt_status status = NT_OK;
    if (is_good(&head, p, layer, file, size) &&
        are_there(p, (const void *)(file + sizeof head + sizeof *p->manifest.layer), head.chunks)) {
        status = take(codes, graph, p, &head, file + sizeof head);
        *found = status == NT_OK;
    }
    nt_release(p->allocator, file);
    return status == NT_OK ? NT_OK
                           : nt_error_set(p->error, status, "cannot take up what was packed of layer %u", layer);
}

void nt_pack_state_clear(const struct nt_packer *p) {
    for (uint32_t l = 0; p->options->state != NULL && l < p->layers; l++) {
        char path[NT_PATH_BYTES];
        if (path_of(path, p, l) == NT_OK) {
            (void)remove(path);
        }
    }
    if (p->options->state != NULL) {
        (void)rmdir(p->options->state);
    }
}
