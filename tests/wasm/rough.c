/* Products of rows in 7 bits as WebAssembly has them, against plain loops: how many are wrong. */
#include "knn/rough.h"
#include "ntrace/random.h"

enum { ROWS = 50, STRIDE = 128, LEFTS = (ROWS + NT_ROUGH_LEFT - 1) / NT_ROUGH_LEFT };
enum { RIGHTS = (ROWS + NT_ROUGH_RIGHT - 1) / NT_ROUGH_RIGHT, WIDTH = RIGHTS * NT_ROUGH_RIGHT };

uint32_t __attribute__((export_name("nt_wrong_products"))) nt_wrong_products(uint32_t depth);
uint32_t __attribute__((export_name("nt_wrong_dots"))) nt_wrong_dots(void);
uint32_t __attribute__((export_name("nt_wrong_masks"))) nt_wrong_masks(void);

static int8_t row[ROWS * STRIDE];
static int32_t start[WIDTH];
static uint32_t which[ROWS];

static void make_rows(void) {
    struct nt_random random;
    nt_random_seed(&random, 4, 1);
    for (uint32_t i = 0; i < ROWS; i++) {
        float value[STRIDE];
        for (uint32_t j = 0; j < STRIDE; j++) {
            value[j] = i < 2 ? 126.0f * (float)i - 63 : 30 * nt_random_normal(&random);
        }
        start[i] = nt_rough_round(row + i * STRIDE, value, STRIDE, 1);
        which[i] = (i * 7 + 3) % ROWS;
    }
}

static int32_t product_of(uint32_t a, uint32_t b, uint32_t depth) {
    int32_t sum = 0;
    for (uint32_t j = 0; j < depth; j++) {
        sum += row[a * STRIDE + j] * row[b * STRIDE + j];
    }
    return sum;
}

uint32_t nt_wrong_products(uint32_t depth) {
    static uint8_t left[LEFTS * NT_ROUGH_LEFT * STRIDE];
    static int8_t right[WIDTH * STRIDE];
    static int32_t from[WIDTH], product[LEFTS * NT_ROUGH_LEFT * WIDTH];
    uint32_t wrong = 0;
    make_rows();
    nt_rough_pack_left(left, row, NULL, ROWS, STRIDE, depth);
    nt_rough_pack_right(right, from, row, which, ROWS, STRIDE, depth);
    nt_rough_multiply(product, left, LEFTS, right, from, RIGHTS, depth);
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t j = 0; j < WIDTH; j++) {
            wrong += product[i * WIDTH + j] != (j < ROWS ? product_of(i, which[j], depth) : 0);
        }
    }
    return wrong;
}

uint32_t nt_wrong_dots(void) {
    uint8_t raised[STRIDE];
    int32_t product[ROWS];
    uint32_t wrong = 0;
    make_rows();
    for (uint32_t i = 0; i < ROWS; i++) {
        nt_rough_raise(raised, row + i * STRIDE, STRIDE);
        nt_rough_dots(product, raised, row, start, which, ROWS, STRIDE);
        for (uint32_t j = 0; j < ROWS; j++) {
            wrong += product[j] != product_of(i, which[j], STRIDE);
        }
    }
    return wrong;
}

uint32_t nt_wrong_masks(void) {
    int32_t product[32];
    float base[32];
    uint32_t wrong = 0;
    for (int32_t i = 0; i < 32; i++) {
        product[i] = 1000 * (i * 7 % 32) - 9000;
        base[i] = i == 5 ? __builtin_nanf("") : (float)(i % 3);
    }
    for (int32_t reach = -30; reach <= 30; reach++) {
        uint32_t mask = nt_rough_within(product, base, 0.001f, (float)reach);
        for (uint32_t i = 0; i < 32; i++) {
            float less = 0.001f * (float)product[i];
            wrong += (mask >> i & 1) != (uint32_t)(base[i] - less <= (float)reach);
        }
    }
    return wrong;
}
