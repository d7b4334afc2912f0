# Neighborhood Traces: `make` lists what can be made.
CC = gcc
EMCC = emcc
NODE = node
PORT = 8000
VERSION = 0.1.0
CFLAGS = -O3 -g
SANITIZE = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion
NT_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L $(WARNINGS) -ffp-contract=off -DNT_VERSION='"$(VERSION)"' -Iinclude -Isrc -MMD -MP
LIBRARIES = -lcjson -lpng -lz -lm -lpthread
MAKEFLAGS += --no-builtin-rules --no-print-directory $(if $(filter 0,$(MAKELEVEL)),-j$(shell nproc))

# Each kernel is compiled once per instruction set: *_avx2.c, *_avx512.c and *_vnni.c on x86, *_simd128.c for WebAssembly.
SOURCES = $(filter-out src/cli/%,$(wildcard src/*/*.c))
X86_KERNELS = %_avx2.c %_avx512.c %_vnni.c
NATIVE_SOURCES = $(filter-out %_simd128.c $(if $(findstring x86_64,$(shell $(CC) -dumpmachine)),,$(X86_KERNELS)),$(SOURCES))
CLI_SOURCES = $(wildcard src/cli/*.c)
TESTS = $(patsubst tests/c/%.c,%,$(wildcard tests/c/test_*.c))

help:
	@echo 'make serve    build all, make the default bundle, and serve the site on http://localhost:$(PORT)/ (PORT=...)'
	@echo 'make test     install what is missing and run every test (test-native, test-wasm, test-web: one part)'
	@echo 'make native   the command line, build/ntrace'
	@echo 'make install  command line, library, headers and man page below PREFIX=/usr/local (DESTDIR=, make uninstall)'
	@echo 'make install-page   and the built page, for ntrace site'
	@echo 'make wasm     the WebAssembly engine and its JavaScript API, build/site/engine'
	@echo 'make web      the page, build/site'
	@echo 'make data     the default bundle, build/site/bundle'
	@echo 'make dist     the folder to deploy, build/site, with everything in it'
	@echo 'make test-firefox   every test of the page in Firefox (make test holds the main ones)'
	@echo 'make monkey   a monkey at the page, MONKEY_SECONDS=600 (MONKEY_SEED=...)'
	@echo "make quickdraw   fetch official sketches by people (CLASSES='apple,wine bottle', QUICKDRAW='options'), pack them into build/quickdraw/bundle"
	@echo 'make single   the whole site in one HTML file, build/neighborhood-traces.html, which opens from disk'
	@echo 'make package  the element and the JavaScript API as an npm package, build/package'
	@echo 'make bench    print each measured figure, with the machine and the date'
	@echo 'make bench-growth  figures of 10,000, 30,000 and 100,000 samples, drawn to build/bench/growth.svg'
	@echo 'make lighthouse   what Lighthouse says of the page'
	@echo 'make fuzz     feed every reader with broken files, FUZZ_SECONDS=600 each (make fuzz FUZZ=fuzz_png: one of them)'
	@echo 'make verify   compare every answer with PyTorch, SciPy, scikit-learn, FAISS and umap-learn, and print each deviation'
	@echo 'make lint     check formatting and types, and compile with warnings as errors'
	@echo 'make format   format the C sources'
	@echo 'make clean    remove build/'

# ---- Set-up: Debian packages, each with a file that shows that it is there; npm packages from the lock file. ----

NATIVE_PACKAGES = libcjson-dev:/usr/include/cjson/cJSON.h zlib1g-dev:/usr/include/zlib.h libpng-dev:/usr/include/png.h
WASM_PACKAGES = emscripten:/usr/bin/emcc dpkg-dev:/usr/bin/dpkg-source
TEST_PACKAGES = libcmocka-dev:/usr/include/cmocka.h
CLI_TEST_PACKAGES = pkg-config:/usr/bin/pkg-config groff-base:/usr/bin/groff $(foreach m,numpy torch,python3-$m:/usr/lib/python3/dist-packages/$m)
FUZZ_PACKAGES = clang:/usr/bin/clang libclang-rt-dev:/usr/share/doc/libclang-rt-dev
PYTHON_PACKAGES = $(foreach m,numpy scipy sklearn torch faiss,python3-$m:/usr/lib/python3/dist-packages/$m) \
	umap-learn:/usr/lib/python3/dist-packages/umap libopenblas0-pthread:/usr/share/doc/libopenblas0-pthread
BROWSER_PACKAGES = chromium:/usr/bin/chromium firefox-esr:/usr/bin/firefox-esr fonts-dejavu-core:/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
NPM = web/node_modules/.package-lock.json
BENCH_NPM = tests/bench/node_modules/.package-lock.json

setup: setup-native setup-wasm setup-test setup-browser $(NPM)
setup-native: PACKAGES = $(NATIVE_PACKAGES)
setup-wasm: PACKAGES = $(WASM_PACKAGES)
setup-test: PACKAGES = $(TEST_PACKAGES)
setup-cli-test: PACKAGES = $(CLI_TEST_PACKAGES)
setup-browser: PACKAGES = $(BROWSER_PACKAGES)
setup-fuzz: PACKAGES = $(FUZZ_PACKAGES)
setup-python: PACKAGES = $(PYTHON_PACKAGES)
setup-native setup-wasm setup-test setup-cli-test setup-browser setup-fuzz setup-python:
	@missing=; for p in $(PACKAGES); do [ -e "$${p#*:}" ] || missing="$$missing $${p%%:*}"; done; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ]; then root=; elif command -v sudo >/dev/null; then root=sudo; else \
	echo "These Debian packages are missing:$$missing. Become root and run: apt-get install$$missing" >&2; exit 1; fi; \
	mkdir -p build && exec 9>build/apt.lock && flock 9 && \
	$$root apt-get update -q && DEBIAN_FRONTEND=noninteractive $$root apt-get install -qy --no-install-recommends $$missing

$(NPM): web/package.json web/package-lock.json
	cd web && npm ci --loglevel=error
	@touch $@
$(BENCH_NPM): tests/bench/package.json tests/bench/package-lock.json
	cd tests/bench && npm ci --loglevel=error
	@touch $@

# ---- Native. ----

native: $(if $(CLI_SOURCES),build/ntrace,build/native/libntrace.a)

build/ntrace: $(CLI_SOURCES:%.c=build/native/%.o) build/native/libntrace.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBRARIES)

build/native/libntrace.a: $(NATIVE_SOURCES:%.c=build/native/%.o)
	rm -f $@ && ar rcs $@ $^
build/sanitized/libntrace.a: $(NATIVE_SOURCES:%.c=build/sanitized/%.o)
	rm -f $@ && ar rcs $@ $^

build/native/tests/c/%: build/native/tests/c/%.o build/native/libntrace.a
	$(CC) $(CFLAGS) -o $@ $^ -lcmocka $(LIBRARIES)
build/sanitized/tests/c/%: build/sanitized/tests/c/%.o build/sanitized/libntrace.a
	$(CC) $(SANITIZE) -o $@ $^ -lcmocka $(LIBRARIES)

build/%_avx2.o: NT_CFLAGS += -mavx2
build/%_avx512.o build/%_vnni.o: NT_CFLAGS += -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512
build/%_vnni.o: NT_CFLAGS += -mavx512vnni
$(TESTS:%=build/native/tests/c/%.o) $(TESTS:%=build/sanitized/tests/c/%.o): | setup-test
build/native/%.o: %.c | setup-native
	@mkdir -p $(@D)
	$(CC) $(NT_CFLAGS) $(CFLAGS) -c -o $@ $<
build/sanitized/%.o: %.c | setup-native
	@mkdir -p $(@D)
	$(CC) $(NT_CFLAGS) $(SANITIZE) -c -o $@ $<

# ---- Installed: the command line, its man page, and the library for programs of others. ----

PREFIX = /usr/local
LIBDIR = $(PREFIX)/lib
INSTALLED = $(addprefix $(DESTDIR)$(PREFIX)/,bin/ntrace include/ntrace share/man/man1/ntrace.1) \
	$(addprefix $(DESTDIR)$(LIBDIR)/,libntrace.a libntrace.so libntrace.so.$(SONAME) libntrace.so.$(VERSION) pkgconfig/ntrace.pc)
PAGES = $(DESTDIR)$(PREFIX)/share/ntrace
SONAME = 0
SHARED = build/shared/libntrace.so.$(VERSION)

library: $(SHARED) build/native/libntrace.a build/native/ntrace.1
build/shared/%.o: %.c | setup-native
	@mkdir -p $(@D)
	$(CC) $(NT_CFLAGS) $(CFLAGS) -fPIC -fno-semantic-interposition -c -o $@ $<
# What the public headers declare is what others can link; the rest stays inside.
build/shared/public.map: $(wildcard include/ntrace/*.h)
	@mkdir -p $(@D)
	{ echo '{ global:'; $(CC) -E -P -Iinclude include/ntrace/ntrace.h | grep -oE '\bnt_[a-z0-9_]+ ?\(' | tr -d ' (' | sort -u | sed 's/$$/;/'; echo 'local: *; };'; } > $@
$(SHARED): $(NATIVE_SOURCES:%.c=build/shared/%.o) build/shared/public.map
	$(CC) $(CFLAGS) -shared -Wl,-soname,libntrace.so.$(SONAME) -Wl,--version-script=build/shared/public.map -Wl,--no-undefined -o $@ $(filter %.o,$^) $(LIBRARIES)
build/native/ntrace.1: src/cli/man_page.sh build/ntrace
	src/cli/man_page.sh build/ntrace > $@

install: native library
	install -d $(sort $(dir $(INSTALLED))) $(DESTDIR)$(PREFIX)/include/ntrace
	install -m 755 build/ntrace $(DESTDIR)$(PREFIX)/bin/
	install -m 644 build/native/ntrace.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 include/ntrace/*.h $(DESTDIR)$(PREFIX)/include/ntrace/
	install -m 644 build/native/libntrace.a $(SHARED) $(DESTDIR)$(LIBDIR)/
	ln -sf libntrace.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libntrace.so.$(SONAME)
	ln -sf libntrace.so.$(SONAME) $(DESTDIR)$(LIBDIR)/libntrace.so
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR)' 'includedir=$${prefix}/include' '' 'Name: ntrace' \
	'Description: How neighbourhoods change from layer to layer of a neural network' 'Version: $(VERSION)' \
	'Requires.private: libcjson libpng zlib' 'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lntrace' 'Libs.private: -lm -lpthread' \
	> $(DESTDIR)$(LIBDIR)/pkgconfig/ntrace.pc

# For `ntrace site`, which looks there.
install-page: install web
	rm -rf $(PAGES) && install -d $(PAGES)
	cp -r build/site build/single $(PAGES)/ && rm -rf $(PAGES)/site/bundle $(PAGES)/site/still

uninstall:
	rm -rf $(INSTALLED) $(PAGES)

# ---- WebAssembly: one module with SIMD and one without, with Debian's sources of zlib and cJSON. ----

WASM_VARIANTS = simd scalar
WASM_SOURCES = $(filter-out $(X86_KERNELS) src/sketch/% src/train/% src/formats/png.c,$(SOURCES)) wasm/exports.c
WASM_CFLAGS = -O3 -Ibuild/wasm/debian/zlib -Ibuild/wasm/debian/include
WASM_LDFLAGS = -Oz --no-entry -sSTANDALONE_WASM -sALLOW_MEMORY_GROWTH -sMEMORY_GROWTH_GEOMETRIC_STEP=0.04 -sEXPORTED_FUNCTIONS=@wasm/exports.txt
PACKER = $(WASM_VARIANTS:%=build/site/engine/pack-%.wasm)
ENGINE = $(WASM_VARIANTS:%=build/site/engine/ntrace-%.wasm) $(PACKER)
# The engine, and what benchmarks and tests ask of it that the page does not.
BENCH_WASM = $(WASM_VARIANTS:%=build/bench/kernels-%.wasm)

# Packing of dropped files is a module of its own too: the command line's code, on a file system in a worker.
PACKER_SOURCES = wasm/pack.c src/sketch/raster.c $(patsubst %,src/cli/%.c,pack options network source source_activations source_answers source_layers)
PACKER_LDFLAGS = -O1 -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=worker -sDYNAMIC_EXECUTION=0 -sALLOW_MEMORY_GROWTH \
	-sINVOKE_RUN=0 -sFORCE_FILESYSTEM -lworkerfs.js -sEXPORTED_RUNTIME_METHODS=callMain,FS,WORKERFS

# The drawing sheet is a module of its own, fetched when someone draws.
SHEET_SOURCES = wasm/sheet.c src/sketch/raster.c src/sketch/edit.c src/core/random.c

wasm: $(ENGINE) build/site/engine/ntrace-sheet.wasm

build/site/engine/ntrace-sheet.wasm: $(SHEET_SOURCES:%.c=build/wasm/scalar/%.o)
	@mkdir -p $(@D)
	$(EMCC) -Oz --no-entry -sSTANDALONE_WASM -o build/wasm/ntrace-sheet.wasm $^
	mv build/wasm/ntrace-sheet.wasm $@

build/wasm/debian/stamp: wasm/debian_sources.sh | setup-native setup-wasm
	@mkdir -p $(@D)/include/cjson
	wasm/debian_sources.sh $(@D) zlib:zlib1g-dev cjson:libcjson-dev
	cp $(@D)/cjson/cJSON.h $(@D)/include/cjson/
	@touch $@

# zlib makes its tables when they are first needed: made beforehand they are 6 kB of every first view.
build/wasm/libpackages.a: build/wasm/debian/stamp
	rm -rf build/wasm/packages && mkdir -p build/wasm/packages
	cd build/wasm/packages && $(EMCC) -O3 -DDYNAMIC_CRC_TABLE -DBUILDFIXED -Dz_off_t=long -include unistd.h -c $(addprefix ../debian/zlib/,adler32.c crc32.c deflate.c inffast.c \
	inflate.c inftrees.c trees.c zutil.c gzclose.c gzlib.c gzread.c gzwrite.c) && $(EMCC) -Os -c ../debian/cjson/cJSON.c
	rm -f $@ && emar rcs $@ build/wasm/packages/*.o

build/wasm/simd/%.o: VARIANT_CFLAGS = -msimd128
build/wasm/simd/%.o: %.c build/wasm/debian/stamp
	@mkdir -p $(@D)
	$(EMCC) $(NT_CFLAGS) $(WASM_CFLAGS) $(VARIANT_CFLAGS) -c -o $@ $<
build/wasm/scalar/%.o: %.c build/wasm/debian/stamp
	@mkdir -p $(@D)
	$(EMCC) $(NT_CFLAGS) $(WASM_CFLAGS) -c -o $@ $<

# What reads bundles, what is asked rarely and what only plans the work of others is compiled for size: the first view waits for it.
COLD = build/wasm/simd/src/bundle/%.o build/wasm/scalar/src/bundle/%.o build/wasm/simd/src/formats/%.o \
	build/wasm/scalar/src/formats/%.o build/wasm/simd/wasm/%.o build/wasm/scalar/wasm/%.o
COLD += $(foreach f,plan describe weights network,$(WASM_VARIANTS:%=build/wasm/%/src/net/$f.o))
COLD += $(foreach f,sketch/% project/seat explain/% trace/suggest trace/suggest_rank trace/measures% trace/map_trust codes/eigen project/umap project/align \
	project/fuzzy project/curve,$(WASM_VARIANTS:%=build/wasm/%/src/$f.o))
$(COLD): WASM_CFLAGS += -Os

build/wasm/libntrace-simd.a: $(WASM_SOURCES:%.c=build/wasm/simd/%.o)
build/wasm/libntrace-scalar.a: $(filter-out %_simd128.o,$(WASM_SOURCES:%.c=build/wasm/scalar/%.o))
build/wasm/libntrace-%.a:
	rm -f $@ && emar rcs $@ $^

build/site/engine/pack-simd.wasm: $(PACKER_SOURCES:%.c=build/wasm/simd/%.o)
build/site/engine/pack-scalar.wasm: $(PACKER_SOURCES:%.c=build/wasm/scalar/%.o)
build/site/engine/pack-%.wasm: build/wasm/libntrace-%.a build/wasm/libpackages.a
	@mkdir -p $(@D) build/wasm/packer
	$(EMCC) $(PACKER_LDFLAGS) -o build/wasm/packer/pack-$*.js $(filter %.o,$^) $(filter %.a,$^)
	mv build/wasm/packer/pack-$*.wasm $@ # the script goes into the worker that opens files: it is the same for both

build/wasm/ntrace-%.wasm: build/wasm/libntrace-%.a build/wasm/libpackages.a wasm/exports.txt
	$(EMCC) $(WASM_LDFLAGS) -o $@ build/wasm/$*/wasm/exports.o $(filter %.a,$^)
build/site/engine/ntrace-%.wasm: build/wasm/ntrace-%.wasm
	@mkdir -p $(@D)
	cp $< $@

# For the npm package: all but the kernels is compiled for size. The sums are the same, and so is every answer.
build/wasm/small/%.o: %.c build/wasm/debian/stamp
	@mkdir -p $(@D)
	$(EMCC) $(NT_CFLAGS) $(WASM_CFLAGS) -msimd128 $(if $(filter %_simd128.c,$<),,-Oz) -c -o $@ $<
build/wasm/libntrace-small.a: $(WASM_SOURCES:%.c=build/wasm/small/%.o)

# ---- The site: the page and the engine's scripts, and the default data. ----

web: wasm build/site.stamp build/single.stamp build/api.stamp
build/site.stamp: web/build.js $(wildcard $(addprefix web/*.,js html svg png webmanifest) web/*/*.js web/*/*.d.ts web/hosts/* web/styles/*.css wasm/*.js wasm/*.d.ts) $(ENGINE) build/site/engine/ntrace-sheet.wasm $(NPM)
	$(NODE) web/build.js build/site
	$(NODE) web/hosts/build.js build/site
	@touch $@

# The API reference, build/site/api, made of the headers and the type declarations.
build/api.stamp: $(wildcard web/api/*.js web/embed/*.d.ts include/ntrace/*.h) web/tree.js wasm/ntrace.d.ts web/styles/api.css web/styles/base.css web/styles/tokens.css $(NPM)
	$(NODE) web/api/build.js build/site
	@touch $@

# Page, engine and styles in one file, with a place for a bundle: what `ntrace site --single-file` fills.
build/single.stamp: build/site.stamp $(ENGINE)
	$(NODE) web/single/build.js build/site build/single
	@touch $@

WEIGHTS = data/reference.safetensors
DATA_COUNT = 10000
DATA_SEED = 20261124
SKETCH_SOURCES = $(wildcard src/sketch/*.[ch] src/cli/sketch.c)
PACK_SOURCES = $(filter-out src/sketch/% src/train/%,$(NATIVE_SOURCES)) src/cli/pack.c src/cli/network.c $(wildcard src/cli/source*.c) $(WEIGHTS)
PACK = build/ntrace pack --model $(WEIGHTS) --synthetic --noun sketch --nouns sketches --title 'Synthetic sketches' \
	--source 'made by ntrace sketch, a seeded program: no person drew them' --licence 'CC0 1.0'

data: build/site/bundle/current.json
build/data/sketches.stamp: $(SKETCH_SOURCES) | build/ntrace
	rm -rf $(@:.stamp=) && mkdir -p $(@D)
	build/ntrace sketch --count $(DATA_COUNT) --seed $(DATA_SEED) -o $(@:.stamp=)
	@touch $@
build/site/bundle/current.json: build/data/sketches.stamp $(PACK_SOURCES) | build/ntrace
	rm -rf build/data/bundle && mkdir -p build/site
	$(PACK) --images build/data/sketches -o build/data/bundle
	rm -rf build/site/bundle && mv build/data/bundle build/site/bundle

# Where there is a network: data/quickdraw.mjs --help.
CLASSES =
QUICKDRAW = --per-class 1000
quickdraw: native
	@classes='$(CLASSES)'; IFS=,; set -f; $(NODE) data/quickdraw.mjs $(foreach o,$(QUICKDRAW),'$o') -o build/quickdraw/bundle $$classes

still: build/still.stamp
build/still.stamp: build/site.stamp build/site/bundle/current.json $(ENGINE)
	$(NODE) web/still.js build/site
	@touch $@

# The element and the JavaScript API as an npm package: build/package, and packed, build/neighborhood-traces-VERSION.tgz.
package: build/package.stamp
build/package.stamp: build/site.stamp build/wasm/ntrace-small.wasm $(wildcard web/embed/*.js web/embed/*.md web/embed/*.d.ts web/embed/examples/* wasm/*.js)
	$(NODE) web/embed/package.js build/site build/wasm/ntrace-small.wasm $(VERSION) build/package
	cd build && npm pack --silent ./package
	@touch $@

single: native web data
	build/ntrace site build/site/bundle --single-file -o build/neighborhood-traces.html

dist: wasm web data still
	build/ntrace verify build/site/bundle
	$(NODE) web/hosts/check.js build/site

serve: wasm web data still
	@$(NODE) web/serve.js build/site $(PORT)

# ---- Tests. ----

NODE_TEST = $(NODE) --test --test-reporter=spec

test:
	$(MAKE) test-native
	$(MAKE) test-fuzz
	$(MAKE) test-web test-cli test-wasm

test-native: $(TESTS:%=build/native/tests/c/%) $(TESTS:%=build/sanitized/tests/c/%)
	@printf '%s\n' $^ | xargs -P $(shell nproc) -I{} sh -c '{} >{}.log 2>&1; failed=$$?; cat {}.log; exit $$failed'

# A small bundle that the tests of the engine and of the page read and damage.
build/tests/sketches.stamp: $(SKETCH_SOURCES) | build/ntrace
	rm -rf $(@:.stamp=) && mkdir -p $(@D)
	build/ntrace sketch --count 600 --seed 1 -o $(@:.stamp=)
	@touch $@
build/tests/bundle/current.json: build/tests/sketches.stamp $(PACK_SOURCES) | build/ntrace
	rm -rf build/tests/packed
	$(PACK) --images build/tests/sketches -o build/tests/packed
	rm -rf $(@D) && mv build/tests/packed $(@D)

build/tests/models/current.json: build/tests/sketches.stamp tests/wasm/make_models.mjs $(PACK_SOURCES) src/bundle/join.c | build/ntrace
	$(NODE) tests/wasm/make_models.mjs build/ntrace build/tests/sketches $(WEIGHTS) $(@D)

test-cli: native library build/tests/bundle/current.json | setup-cli-test
	WEIGHTS=$(WEIGHTS) $(NODE_TEST) --test-concurrency=$(shell nproc) tests/cli/*.test.mjs

# What the native readers of bundles say of the fuzzers' corpora: the WebAssembly ones have to say the same.
build/native/tests/fuzz/verdicts: build/native/tests/fuzz/verdicts.o build/native/tests/fuzz/bundle_input.o build/native/libntrace.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBRARIES)

test-wasm: wasm $(BENCH_WASM) build/tests/bundle/current.json build/tests/models/current.json build/native/tests/fuzz/verdicts $(WASM_VARIANTS:%=build/tests/rough-%.wasm)
	$(NODE_TEST) --test-concurrency=$(shell nproc) $(wildcard tests/wasm/*.test.mjs)

build/tests/rough-%.wasm: build/wasm/%/tests/wasm/rough.o build/wasm/libntrace-%.a
	@mkdir -p $(@D)
	$(EMCC) -O1 --no-entry -sSTANDALONE_WASM -o $@ $^

test-web: native wasm web data still package build/tests/bundle/current.json | setup-browser
	$(NODE_TEST) --test-concurrency=1 $(wildcard tests/web/*.test.mjs)

# Every page test in Firefox; test-web holds what must work there (tests/web/firefox.test.mjs).
FIREFOX_TESTS = $(wildcard tests/web/*.test.mjs)
test-firefox: native wasm web data still build/tests/bundle/current.json | setup-browser
	BROWSER=firefox $(NODE_TEST) --test-concurrency=1 $(FIREFOX_TESTS)

MONKEY_SECONDS = 600
monkey: web build/tests/bundle/current.json | setup-browser
	MONKEY_SECONDS=$(MONKEY_SECONDS) $(NODE_TEST) tests/web/monkey.test.mjs

# ---- Fuzzing: each reader by libFuzzer under ASan and UBSan; test-fuzz replays the corpora without it. ----

FUZZ = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_INPUT = tests/fuzz/input tests/fuzz/bundle_input
FUZZ_SECONDS = 600
FUZZ_SANITIZE = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

fuzz: $(FUZZ:%=build/fuzz/tests/fuzz/%)
	@set -e; for t in $(FUZZ); do echo "== $$t"; mkdir -p build/fuzz/corpus/$$t; build/fuzz/tests/fuzz/$$t \
	-max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=0 \
	-artifact_prefix=build/fuzz/$$t- build/fuzz/corpus/$$t tests/fuzz/corpus/$${t#fuzz_}; done

test-fuzz: $(FUZZ:%=build/sanitized/tests/fuzz/%)
	@set -e; for t in $(FUZZ); do build/sanitized/tests/fuzz/$$t tests/fuzz/corpus/$${t#fuzz_}; done

build/fuzz/%.o: %.c | setup-native setup-fuzz
	@mkdir -p $(@D)
	clang $(NT_CFLAGS) $(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link -c -o $@ $<
build/fuzz/libntrace.a: $(NATIVE_SOURCES:%.c=build/fuzz/%.o)
	rm -f $@ && ar rcs $@ $^
build/fuzz/tests/fuzz/%: build/fuzz/tests/fuzz/%.o $(FUZZ_INPUT:%=build/fuzz/%.o) build/fuzz/libntrace.a
	clang $(FUZZ_SANITIZE) -fsanitize=fuzzer -o $@ $^ $(LIBRARIES)
build/sanitized/tests/fuzz/%: build/sanitized/tests/fuzz/%.o $(FUZZ_INPUT:%=build/sanitized/%.o) \
	build/sanitized/tests/fuzz/replay.o build/sanitized/libntrace.a
	$(CC) $(SANITIZE) -o $@ $^ $(LIBRARIES)

# ---- Figures: what issue and README claim, measured beside the peers, and every answer against the field's references. ----

PEOPLE = $(wildcard ../shared/quickdraw)
PYTHON = OPENBLAS_NUM_THREADS=$(BLAS_THREADS) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3
BLAS_THREADS = $(shell nproc)

BENCH = codes engine scan inflate project forward background packing browser story explorer map draw summary

bench: wasm web data still $(BENCH_NPM) $(BENCH_WASM) $(if $(PEOPLE),build/bench/people/current.json) | setup-browser setup-python
	@rm -f build/bench/rows.jsonl
	@set -e; for part in $(BENCH); do echo; echo "== $${part%=*}"; with=$${part#*=}; \
	[ "$$with" != "$$part" ] || with=; $(NODE) tests/bench/$${part%=*}.mjs $$with; done

# What is packed stays in build/bench/growth.
bench-growth: wasm native
	$(NODE) tests/bench/growth.mjs

lighthouse: web data still $(BENCH_NPM) | setup-browser
	@mkdir -p build/bench
	$(NODE) tests/bench/lighthouse.mjs

build/bench/kernels-%.wasm: build/wasm/%/tests/bench/kernels.o build/wasm/libntrace-%.a build/wasm/libpackages.a wasm/exports.txt
	@mkdir -p $(@D)
	$(EMCC) $(WASM_LDFLAGS) -o $@ build/wasm/$*/wasm/exports.o $(filter %.o %.a,$^)

# Sketches that people drew, where they are there.
build/bench/people/current.json: $(PACK_SOURCES) | build/ntrace
	rm -rf $(@D) && mkdir -p build/bench
	build/ntrace pack --model $(WEIGHTS) --images $(PEOPLE) --per-class 667 --title 'Sketches by people' -o $(@D)

VERIFY_SCRIPTS = explanations measures neighbors project
VERIFY_PEOPLE = $(if $(PEOPLE),build/verify/people/current.json)

verify: native data build/tests/bundle/current.json build/native/tests/verify/network $(VERIFY_PEOPLE) | setup-python
	@failed=; for images in build/data/sketches $(PEOPLE); do rm -rf build/verify/network && mkdir -p build/verify/network && \
	build/native/tests/verify/network $(WEIGHTS) $$images 150 build/verify/network && \
	$(PYTHON) tests/verify/network.py $(WEIGHTS) build/verify/network "sketches of $${images##*/}" || failed=1; done; \
	for script in $(VERIFY_SCRIPTS); do $(PYTHON) tests/verify/$$script.py || failed=1; done; \
	if [ -z "$$failed" ]; then echo 'everything is within its tolerance'; else echo 'SOMETHING IS NOT within its tolerance'; exit 1; fi

build/verify/people/current.json: $(PACK_SOURCES) | build/ntrace
	rm -rf $(@D) && mkdir -p build/verify
	build/ntrace pack --model $(WEIGHTS) --images $(PEOPLE) --per-class 400 --title 'Sketches by people' -o $(@D)

build/native/tests/verify/network: build/native/tests/verify/network.o build/native/libntrace.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBRARIES)

lint: $(NPM) build/wasm/debian/stamp | setup-native setup-test
	$(CC) $(filter-out -M%,$(NT_CFLAGS)) -Werror -O2 -fsyntax-only $(NATIVE_SOURCES) $(CLI_SOURCES) $(TESTS:%=tests/c/%.c) $(wildcard tests/fuzz/*.c) tests/verify/network.c tests/library/trace.c
	$(EMCC) $(filter-out -M%,$(NT_CFLAGS)) $(WASM_CFLAGS) -msimd128 -Werror -fsyntax-only $(WASM_SOURCES) wasm/sheet.c tests/bench/kernels.c tests/wasm/rough.c
	web/node_modules/.bin/tsc -p web/tsconfig.json
	@if command -v clang-format >/dev/null; then \
	clang-format --dry-run -Werror $(wildcard include/ntrace/*.h src/*/*.[ch] wasm/*.[ch] tests/*/*.[ch]); \
	else echo 'lint: clang-format is not installed, formatting was not checked' >&2; fi

format:
	clang-format -i $(wildcard include/ntrace/*.h src/*/*.[ch] wasm/*.[ch] tests/*/*.[ch])

clean:
	rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
.PHONY: help wasm web package data quickdraw still single dist serve setup setup-native setup-wasm setup-test setup-cli-test setup-browser native library install install-page uninstall \
	test test-native test-fuzz fuzz setup-fuzz test-cli test-wasm test-web test-firefox monkey bench bench-growth lighthouse verify setup-python lint format clean
.SECONDARY:
.DELETE_ON_ERROR:
