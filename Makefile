# Neighborhood Traces: `make` lists what can be made.
CC = gcc
CFLAGS = -O3 -g
SANITIZE = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion
NT_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L $(WARNINGS) -ffp-contract=off -Iinclude -Isrc -MMD -MP
LIBRARIES = -lcjson -lz -lm -lpthread

# Set-up: Debian packages, each with the file that shows that it is there.
NATIVE_PACKAGES = libcmocka-dev:/usr/include/cmocka.h libcjson-dev:/usr/include/cjson/cJSON.h zlib1g-dev:/usr/include/zlib.h

SOURCES = $(filter-out src/cli/%,$(wildcard src/*/*.c))
CLI_SOURCES = $(wildcard src/cli/*.c)
TESTS = $(patsubst tests/c/%.c,%,$(wildcard tests/c/test_*.c))

help:
	@echo 'make native   the library, and the command line build/ntrace'
	@echo 'make test     install what is missing and run every test'
	@echo 'make format   format the C sources'
	@echo 'make clean    remove build/'

native: setup $(if $(CLI_SOURCES),build/ntrace,build/native/libntrace.a)

setup:
	@missing=; for p in $(NATIVE_PACKAGES); do [ -e "$${p#*:}" ] || missing="$$missing $${p%%:*}"; done; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ]; then root=; elif command -v sudo >/dev/null; then root=sudo; else \
	echo "These Debian packages are missing:$$missing. Become root and run: apt-get install$$missing" >&2; exit 1; fi; \
	$$root apt-get update -q && DEBIAN_FRONTEND=noninteractive $$root apt-get install -qy --no-install-recommends $$missing

test: setup $(TESTS:%=build/native/tests/c/%) $(TESTS:%=build/sanitized/tests/c/%)
	@set -e; for t in $(TESTS); do build/native/tests/c/$$t; build/sanitized/tests/c/$$t; done

build/ntrace: $(CLI_SOURCES:%.c=build/native/%.o) build/native/libntrace.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBRARIES)

build/native/libntrace.a: $(SOURCES:%.c=build/native/%.o)
	rm -f $@ && ar rcs $@ $^
build/sanitized/libntrace.a: $(SOURCES:%.c=build/sanitized/%.o)
	rm -f $@ && ar rcs $@ $^

build/native/tests/c/%: build/native/tests/c/%.o build/native/libntrace.a
	$(CC) $(CFLAGS) -o $@ $^ -lcmocka $(LIBRARIES)
build/sanitized/tests/c/%: build/sanitized/tests/c/%.o build/sanitized/libntrace.a
	$(CC) $(SANITIZE) -o $@ $^ -lcmocka $(LIBRARIES)

build/%_avx2.o: NT_CFLAGS += -mavx2
build/%_avx512.o: NT_CFLAGS += -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512
build/native/%.o: %.c | setup
	@mkdir -p $(@D)
	$(CC) $(NT_CFLAGS) $(CFLAGS) -c -o $@ $<
build/sanitized/%.o: %.c | setup
	@mkdir -p $(@D)
	$(CC) $(NT_CFLAGS) $(SANITIZE) -c -o $@ $<

format:
	clang-format -i $(wildcard include/ntrace/*.h src/*/*.[ch] tests/c/*.c)

clean:
	rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
.PHONY: help native setup test format clean
.SECONDARY:
