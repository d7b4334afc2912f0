/* Occlusion with a sliding window.
 *
 * M. D. Zeiler, R. Fergus: Visualizing and Understanding Convolutional Networks, 2014. Here the window is black, 3 x 3,
 * and moves by one pixel. */
#include <stdbool.h>
#include <string.h>

#include "explain/explain.h"

enum { SIDE = 3 };

static uint32_t side_of(uint32_t length) { return length < SIDE ? length : SIDE; }

/* Visits one sample's pixels behind a window, line by line: floats [0, count) at each of `lines`. */
struct window {
    size_t at, lines, step, count;
};

static struct window window_at(const nt_explain *e, uint32_t corner) {
    size_t channels = e->shape.channels;
    return (struct window){corner * channels, side_of(e->shape.height), e->shape.width * channels,
                           side_of(e->shape.width) * channels};
}

static bool hides_something(const nt_explain *e, uint32_t corner) {
    struct window w = window_at(e, corner);
    for (size_t y = 0; y < w.lines; y++) {
        for (size_t i = 0; i < w.count; i++) {
            if (e->image[w.at + y * w.step + i] != 0) {
                return true;
            }
        }
    }
    return false;
}

static enum nt_status plan(nt_explain *e, struct nt_error *error) {
    uint32_t height = e->shape.height, width = e->shape.width, found = 0;
    size_t area = (size_t)height * width;
    e->result.shape.channels = 1;
    e->window = nt_allocate(e->allocator, area, sizeof *e->window);
    e->sum = nt_allocate_zeroed(e->allocator, area, sizeof *e->sum);
    if (e->window == NULL || e->sum == NULL) {
        return nt_explain_no_memory(error);
    }
    for (uint32_t y = 0; y + side_of(height) <= height; y++) {
        for (uint32_t x = 0; x + side_of(width) <= width; x++) {
            if (hides_something(e, y * width + x)) {
                e->window[found++] = y * width + x;
            }
        }
    }
    e->result.units += found;
    return NT_OK;
}

static enum nt_status advance(nt_explain *e, uint32_t first, uint32_t count, struct nt_error *error) {
    (void)error;
    for (uint32_t s = 0; s < count; s++) {
        float *input = e->room.input + s * e->size;
        struct window w = window_at(e, e->window[first + s]);
        memcpy(input, e->pixel, e->size * sizeof *input);
        for (size_t y = 0; y < w.lines; y++) {
            memset(input + w.at + y * w.step, 0, w.count * sizeof *input);
        }
    }
    NT_TRY(nt_room_forward(&e->room, count));
    for (uint32_t s = 0; s < count; s++) {
        uint32_t corner = e->window[first + s], width = e->shape.width;
        double hidden = (double)e->room.logit[(size_t)s * e->result.classes + e->result.label];
        for (uint32_t y = 0; y < side_of(e->shape.height); y++) {
            for (uint32_t x = 0; x < side_of(width); x++) {
                e->sum[corner + y * width + x] += (double)e->result.logit - hidden;
            }
        }
    }
    return NT_OK;
}

/* How many windows cover a place of a line. */
static uint32_t covering(uint32_t at, uint32_t length) {
    uint32_t side = side_of(length), last = length - side;
    return (at < last ? at : last) - (at < side ? 0 : at - side + 1) + 1;
}

static enum nt_status finish(nt_explain *e, struct nt_error *error) {
    (void)error;
    uint32_t height = e->shape.height, width = e->shape.width;
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            size_t i = (size_t)y * width + x;
            e->values[i] = (float)(e->sum[i] / (covering(y, height) * covering(x, width)));
        }
    }
    return NT_OK;
}

const struct nt_explain_kind nt_explain_occlusion = {
    .room = NT_ROOM_FORWARD, .rows = 14, .plan = plan, .advance = advance, .finish = finish};
