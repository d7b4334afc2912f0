/* What a target is given, as a file that lies in memory: readers open it by a path with the ending they go by. */
#ifndef NTRACE_TESTS_FUZZ_INPUT_H
#define NTRACE_TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

/* The path of a file that holds the bytes until the next call. `ending` is the same in all calls of a target. */
const char *input_path(const char *ending, const uint8_t *bytes, size_t size);

#endif
