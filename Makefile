# Neighborhood Traces: `make` lists what can be made.
CC ?= gcc
CFLAGS ?= -O3 -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion
NT_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L $(WARNINGS) -ffp-contract=off -Iinclude -Isrc -MMD -MP $(CFLAGS)

SOURCES = $(filter-out src/cli/%,$(wildcard src/*/*.c))
CLI_SOURCES = $(wildcard src/cli/*.c)
OBJECTS = $(SOURCES:%.c=build/native/%.o)
CLI_OBJECTS = $(CLI_SOURCES:%.c=build/native/%.o)

native: build/ntrace

build/ntrace: $(CLI_OBJECTS) build/native/libntrace.a
	$(CC) $(CFLAGS) -o $@ $^ -lcjson -lz -lm -lpthread

build/native/libntrace.a: $(OBJECTS)
	rm -f $@ && ar rcs $@ $^

build/native/%_avx2.o: NT_CFLAGS += -mavx2
build/native/%_avx512.o: NT_CFLAGS += -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512
build/native/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(NT_CFLAGS) -c -o $@ $<

clean:
	rm -rf build

-include $(OBJECTS:.o=.d) $(CLI_OBJECTS:.o=.d)
.PHONY: native clean
