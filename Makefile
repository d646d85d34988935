# Makefile: short names for what CMake, ctest and the linters do. `make help` lists them.
.POSIX:
.SUFFIXES:
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Warnings stop the builds of the tests, not a user's: a newer compiler knows more of them than ours.
WERROR ?= OFF
test test-asan test-tsan test-valgrind test-long test-real lint: WERROR = ON
# Seconds that one test may take.
TEST_TIMEOUT ?= 900

comma = ,
# arginfo.h is what PHP's generator makes.
C_FILES = find core lua bindings tests -name '*.[ch]' ! -path '*/cases/*' ! -name arginfo.h
say = @printf '\n== %s\n' "$(1)"
# The generator is chosen once; after that the build folder knows it.
generator = $$(if [ ! -e $(1)/CMakeCache.txt ] && command -v ninja >/dev/null; then echo -G Ninja; fi)
# build(FOLDER, PRESET, OPTIONS) and ctest(FOLDER, OPTIONS)
build = cmake --preset $(2) $(call generator,$(1)) -DKEYPLATE_WERROR=$(WERROR) $(3) --log-level=WARNING >/dev/null && \
	cmake --build $(1) --parallel $(JOBS)
ctest = ctest --test-dir $(1) --no-tests=error --output-on-failure --parallel $(JOBS) --timeout $(TEST_TIMEOUT) \
	--output-log $(1)/ctest.log $(2)

help:
	@sed -n 's/^#: //p' Makefile

#: make build           builds build/keyplate and the libraries
build:
	@$(call build,build,release)

#: make demo            shows the command against a sandbox of its own; installs what is missing
demo:
	@.ci/deps build
	@$(MAKE) build
	@sh core/app/demo.sh build/keyplate

#: make test            builds with gcc and clang, runs all tests and linters; installs what is missing
test: test-deps
	$(call say,gcc: build and test)
	@$(call build,build,release,-DKEYPLATE_TESTS=ON)
	@$(call ctest,build)
	@sed -n 's/^SKIPPED [^:]*:[0-9]*: /not tested: /p' build/Testing/Temporary/LastTest.log | sort -u
	$(call say,clang: build)
	@$(call build,build-clang,clang)
	@$(MAKE) lint
	$(call say,address and undefined behaviour sanitizers: build and run the C tests)
	@$(call build,build-asan,asan)
	@$(call ctest,build-asan,--label-regex 'unit|sim')
	$(call say,make test: gcc$(comma) clang$(comma) linters and sanitizers passed)
	@cat build/ctest.log build-asan/ctest.log | awk '/tests passed, 0 tests failed out of/ { n += $$NF } \
		END { print "100% tests passed, 0 tests failed out of " n }'

#: make test-asan       all tests with address, leak and undefined behaviour sanitizers
test-asan: test-deps
	@$(call build,build-asan,asan)
	@$(call ctest,build-asan)

#: make test-tsan       the C tests with the thread sanitizer
test-tsan: test-deps
	@$(call build,build-tsan,tsan)
	@$(call ctest,build-tsan,--label-regex unit)

#: make test-valgrind   the C tests under valgrind
test-valgrind: test-deps
	@$(call build,build-valgrind,valgrind)
	@$(call ctest,build-valgrind,--label-regex unit --timeout 1800)

#: make test-long       all tests, the random ones with many more rounds (KP_LONG=1)
test-long: test-deps
	@$(call build,build,release,-DKEYPLATE_TESTS=ON)
	@KP_LONG=1 $(call ctest,build,--timeout 7200)

#: make test-real       the stores of keys against OpenBao, moto and an emulator of Google's; builds what is missing with Go
test-real: test-deps
	@$(call build,build,release,-DKEYPLATE_TESTS=ON)
	@python=/usr/bin/python3; [ -x $$python ] || python=python3; $$python tests/sources/real.py build

#: make fuzz            builds the fuzzers into build-fuzz/tests
fuzz: test-deps
	@$(call build,build-fuzz,fuzz)

#: make bench           measures, and compares with the targets
bench:
	@.ci/deps bench
	@$(call build,build,release,-DKEYPLATE_BENCH=ON)
	@python3 tests/bench/bench.py build

#: make lint            clang-format and clang-tidy over all C files
lint: test-deps
	$(call say,clang-format)
	@$(C_FILES) | xargs clang-format --dry-run -Werror
	$(call say,clang-tidy)
	@[ -e build-clang/compile_commands.json ] || $(call build,build-clang,clang)
	@find core lua bindings -name '*.c' ! -name generated.c | sort | xargs -n 1 -P $(JOBS) clang-tidy -p build-clang --quiet 2>build-clang/tidy.log || \
		{ grep -v 'warnings generated' build-clang/tidy.log; exit 1; }

#: make format          lets clang-format rewrite all C files
format:
	@$(C_FILES) | xargs clang-format -i

#: make install         installs what make build made (PREFIX=/usr/local, DESTDIR=)
install: build
	@DESTDIR="$(DESTDIR)" cmake --install build --prefix "$(PREFIX)" >/dev/null
	@echo "installed into $(DESTDIR)$(PREFIX)"
	@case "$(DESTDIR):$(PREFIX):$$(id -u)" in :/usr:0 | :/usr/local:0) sh core/package/state-dir.sh ;; esac

#: make wheel           makes dist/: an sdist, and a wheel for this Python that needs nothing installed
wheel:
	@.ci/deps wheel
	@python=/usr/bin/python3; [ -x $$python ] || python=python3; $$python python/package/wheel.py dist

#: make dist            makes dist/: the tarball for PIE and phpize
dist:
	@.ci/deps build
	@python3 bindings/php/dist.py dist

#: make clean           removes the build folders
clean:
	@rm -rf build build-clang build-debug build-asan build-tsan build-valgrind build-fuzz

test-deps:
	@.ci/deps test

.PHONY: help build demo test test-asan test-tsan test-valgrind test-long test-real fuzz bench lint format install wheel dist clean test-deps
