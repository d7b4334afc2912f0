#include "knn/shortlist.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MANY = 1 << 16 };         /* samples that make memory scarcer than time: lists are short at first */
static const float APART = 2.5f; /* 2 for rests at right angles, 4 for opposite ones */
enum { FRESH = 16 };             /* a limit is worth lowering when more than so small a part of k is fresh */

enum nt_status nt_shortlists_create(struct nt_shortlists *lists, uint32_t samples, uint32_t k, const float *rest,
                                    const float *slack, const struct nt_allocator *al) {
    *lists = (struct nt_shortlists){.allocator = al, .samples = samples, .k = k, .rest = rest, .slack = slack};
    lists->list = nt_allocate_zeroed(al, samples, sizeof *lists->list);
    for (uint32_t i = 0; lists->list != NULL && i < samples; i++) {
        lists->list[i].limit = INFINITY;
    }
    return lists->list != NULL ? NT_OK : NT_E_MEMORY;
}

void nt_shortlists_clear(struct nt_shortlists *lists) {
    for (uint32_t i = 0; lists->list != NULL && i < lists->samples; i++) {
        nt_release(lists->allocator, lists->list[i].item);
    }
    nt_release(lists->allocator, lists->list);
    nt_release(lists->allocator, lists->room);
    *lists = (struct nt_shortlists){0};
}

/* The m-th smallest value (from 0), by Hoare's quickselect; reorders them. */
static float select(float *value, uint32_t count, uint32_t m) {
    uint32_t low = 0, high = count - 1;
    while (low < high) {
        float pivot = value[low + (high - low) / 2];
        uint32_t i = low, j = high;
        while (i <= j) {
            while (value[i] < pivot) {
                i++;
            }
            while (value[j] > pivot) {
                j--;
            }
            if (i <= j) {
                float swap = value[i];
                value[i++] = value[j];
                value[j] = swap;
                if (j == 0) {
                    break;
                }
                j--;
            }
        }
        if (m <= j) {
            high = j;
        } else if (m >= i) {
            low = i;
        } else {
            break;
        }
    }
    return value[m];
}

static enum nt_status need_room(struct nt_shortlists *lists, uint32_t count) {
    if (count > lists->room_count) {
        nt_release(lists->allocator, lists->room);
        lists->room_count = 2 * count;
        lists->room = nt_allocate(lists->allocator, lists->room_count, sizeof *lists->room);
        lists->room_count = lists->room != NULL ? lists->room_count : 0;
    }
    return lists->room != NULL ? NT_OK : NT_E_MEMORY;
}

static float likely_bound(const struct nt_shortlists *lists, uint32_t of, struct nt_short item) {
    float root = sqrtf(item.square + APART * lists->rest[of] * lists->rest[item.position]);
    root = (root + 2 * (lists->slack[of] + lists->slack[item.position])) * (1 + 4 * NT_SHORT_ROUNDING);
    return root * root;
}

/* The limit becomes the k-th of the upper bounds in `room`. */
static void lower_limit(struct nt_shortlists *lists, struct nt_shortlist *l) {
    float limit = select(lists->room, l->count, lists->k - 1);
    l->limit = limit < l->limit ? limit : l->limit;
}

enum nt_status nt_shortlists_prune(struct nt_shortlists *lists, uint32_t of) {
    struct nt_shortlist *l = &lists->list[of];
    if (l->count < lists->k) {
        return NT_OK;
    }
    NT_TRY(need_room(lists, l->count));
    for (uint32_t i = 0; i < l->count; i++) {
        lists->room[i] = likely_bound(lists, of, l->item[i]);
    }
    lower_limit(lists, l);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        l->item[kept] = l->item[i];
        kept += l->item[i].square <= l->limit;
    }
    l->count = kept;
    return NT_OK;
}

enum nt_status nt_shortlists_tighten(struct nt_shortlists *lists, uint32_t of) {
    struct nt_shortlist *l = &lists->list[of];
    if (l->count <= lists->k || l->fresh * FRESH <= lists->k) {
        return NT_OK;
    }
    l->fresh = 0;
    NT_TRY(need_room(lists, l->count));
    for (uint32_t i = 0; i < l->count; i++) {
        struct nt_short item = l->item[i];
        bool measured = !signbit(item.square);
        item.square = fabsf(item.square);
        lists->room[i] = measured ? item.square : likely_bound(lists, of, item);
    }
    lower_limit(lists, l);
    return NT_OK;
}

static enum nt_status grow(struct nt_shortlists *lists, struct nt_shortlist *l) {
    uint32_t first = lists->samples > MANY ? lists->k + lists->k / 2 + 16 : 2 * lists->k + 56;
    uint32_t capacity = l->capacity == 0 ? first : l->capacity + l->capacity / 4;
    struct nt_short *item = nt_allocate(lists->allocator, capacity, sizeof *item);
    if (item == NULL) {
        return NT_E_MEMORY;
    }
    if (l->count > 0) {
        memcpy(item, l->item, l->count * sizeof *item);
    }
    nt_release(lists->allocator, l->item);
    l->item = item;
    l->capacity = capacity;
    return NT_OK;
}

enum nt_status nt_shortlists_add(struct nt_shortlists *lists, uint32_t to, struct nt_short item) {
    struct nt_shortlist *l = &lists->list[to];
    if (l->count == l->capacity) {
        NT_TRY(nt_shortlists_prune(lists, to));
        if (l->count >= l->capacity / 4 * 3) {
            NT_TRY(grow(lists, l));
        }
    }
    l->item[l->count++] = item;
    return NT_OK;
}
