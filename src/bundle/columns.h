/* Columns of small numbers, several joined in a byte: deflate's Huffman codes spend a whole bit at least on each byte,
 * which is more than one number of a narrow column holds. */
#ifndef NTRACE_BUNDLE_COLUMNS_H
#define NTRACE_BUNDLE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a column is joined: `join` numbers a byte (1, 2, 3, 4, 5 or 8), each at least `low` in two's complement. */
struct nt_column {
    uint8_t join, low;
};

/* The way that makes a column smallest once it is deflated; join is 1 where none helps. column [rows]. */
struct nt_column nt_column_plan(const uint8_t *column, size_t rows);

/* Bytes of a joined column; 0 where `how` is none that there is. */
size_t nt_column_bytes(struct nt_column how, size_t rows);

/* joined out [nt_column_bytes], column in [rows]. */
void nt_column_join(uint8_t *joined, const uint8_t *column, size_t rows, struct nt_column how);

/* The reverse; false where a byte holds no numbers of such a column. */
bool nt_column_split(uint8_t *column, const uint8_t *joined, size_t rows, struct nt_column how);

#endif
