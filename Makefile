# make demo    install what is missing, build, answer two questions, serve the page
# make test    install what is missing, build and test everything
# make build   install what is missing, build: build/native/vqa and build/wasm/vqa*.wasm
# make fuzz    fuzz for SECONDS=1200 each of the targets of tests/fuzz, or those in NAMES="text ask"
# make bench   compare with onnxruntime-web in a browser: time, memory, sizes (an hour; writes 6 GB to build/)
# make bench-kernels   each kernel beside the peak of its instructions, in a browser and natively (2 minutes)
# make soak    thousands of questions in one browser tab, a hundred models: memory and answers stay (minutes)
# make lint    clang-tidy and cppcheck over src/ (3 minutes)
# make coverage    which lines of src/ the native tests reach, and which they don't (5 minutes)
# make format  format the C sources;  make check-format says what it would change
# make clean   remove build/
# make         this text

# What `make demo` asks the built-in model: PICTURE and QUESTION of two samples of the page.
PACK      := weights/photos.q8.safetensors
SAMPLE    = node -p 's = JSON.parse(require("fs").readFileSync("web/demo/samples/samples.json"))[$(1)]; $(2)'
# What runs on several threads.
THREADED := $(addprefix test_,choices clip cnn core heatmap nn recurrent same_bits threads transcribe vilt vqa whisper)
C_SOURCES = $(shell git ls-files -co --exclude-standard 'src/*.[ch]' 'tests/*.[ch]')
CLANG     := $(or $(shell command -v clang-19),$(shell command -v clang))
# The clang whose own libraries are there.
FUZZ_CLANG = $(firstword $(foreach c,clang-19 clang,$(shell tests/fuzz/links.sh $(c) && echo $(c))))

# Where setup.sh puts node if the machine's own is too old.
export PATH := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/wasm-vqa/node/bin:$(PATH)

.PHONY: help demo test fuzz bench bench-kernels soak lint coverage build format check-format clean
MAKEFLAGS += --no-print-directory

help:
	@sed -n '/^#/!q; s/^# //p' Makefile

build:
	@./setup.sh
	@$(MAKE) products

demo:
	@./setup.sh demo
	@$(MAKE) products
	@for i in 0 1; do \
	    file=$$($(call SAMPLE,'$$i',s.file)) && question=$$($(call SAMPLE,'$$i',s.questions[0])) || exit 1; \
	    echo "== $$file: $$question"; \
	    build/native/vqa ask $(PACK) "web/demo/samples/$$file" "$$question" || exit 1; \
	done
	@echo "== the page"
	@node web/serve.js

test:
	@./setup.sh test
	@$(MAKE) check-format
	@echo "== tests, native ($$(cc --version | head -n 1))"
	@$(MAKE) native
	@ctest --preset native
	@$(MAKE) lint
	@echo "== tests under AddressSanitizer and UndefinedBehaviorSanitizer"
	@$(MAKE) asan
	@ctest --preset asan
	@echo "== tests with threads, under ThreadSanitizer"
	@$(call configured,tsan)
	@cmake --build --preset tsan --target $(THREADED)
	@ctest --preset tsan -R '^($(subst $() ,|,$(THREADED)))$$'
	@echo "== fuzzing, 30 s each"
	@$(MAKE) fuzz SECONDS=30
	@echo "== tests as WebAssembly under node"
	@$(MAKE) wasm
	@ctest --preset wasm
	@echo "== a runtime built in another folder"
	@tests/reproducible.sh vqa-relaxed-threads
	@echo "== the npm package and the page, in node and in a browser"
	@$(MAKE) web/node_modules/.package-lock.json
	@cd web && npm run --silent check && npm run --silent build && npm test --silent

fuzz:
	@./setup.sh test
	@[ -e build/fuzz/build.ninja ] || cmake --preset fuzz -DCMAKE_C_COMPILER=$(FUZZ_CLANG) --log-level=NOTICE
	@cmake --build --preset fuzz
	@tests/fuzz/run.sh build/fuzz/tests/fuzz $(or $(SECONDS),1200) $(NAMES)

bench:
	@./setup.sh test
	@$(MAKE) products web/node_modules/.package-lock.json
	@cd web && npm run --silent build
	@failed=0; node web/bench/bench.js || failed=1; $(MAKE) bench-kernels || failed=1; node web/bench/load.js || failed=1; exit $$failed

soak:
	@./setup.sh test
	@$(MAKE) products web/node_modules/.package-lock.json
	@node web/bench/soak.js

bench-kernels: web/node_modules/.package-lock.json
	@$(call configured,native)
	@$(call configured,wasm)
	@cmake --build --preset native --target bench-kernels
	@cmake --build --preset wasm --target bench-kernels bench-kernels-relaxed
	@node web/bench/kernels.js

# One folder of build/ each. Configured once; cmake itself sees later changes of CMakeLists.txt.
configured = [ -e build/$(1)/build.ninja ] || cmake --preset $(1) --log-level=NOTICE

.PHONY: products native asan wasm
products:
	@$(call configured,native)
	@$(call configured,wasm)
	@cmake --build --preset native --target vqa
	@cmake --build --preset wasm --target runtimes

# Configured anew, as `make demo` may have done it before there was a cmocka.
native asan wasm:
	@cmake --preset $@ --log-level=NOTICE
	@cmake --build --preset $@

lint:
	@./setup.sh test
	@[ -e build/lint/build.ninja ] || cmake --preset lint -DCMAKE_C_COMPILER=$(CLANG) --log-level=NOTICE
	@tests/lint.sh build/lint

# Ends with the lines of src/ that no native test reaches.
coverage:
	@./setup.sh test
	@$(call configured,coverage)
	@cmake --build --preset coverage
	@find build/coverage -name '*.gcda' -delete
	@VQA_FLIPS=300 ctest --preset coverage
	@gcovr --root . --filter src/ --print-summary --fail-under-line 90 build/coverage

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

format:
	@clang-format -i $(C_SOURCES)

check-format:
	@command -v clang-format >/dev/null || { echo "== clang-format is not installed: format not checked"; exit 0; }; \
	echo "== format of the C sources"; \
	clang-format --dry-run --Werror $(C_SOURCES) || { echo "not formatted as .clang-format says: make format"; exit 1; }

clean:
	rm -rf build
