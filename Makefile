# A thin front for CMake: `make` builds build/climnorm. `make check` runs the tests that end within two
# minutes, `make test` all. `make bench BENCH=--quick` measures it; BASELINE=old.json compares with an
# earlier run's results.
BUILD  ?= build
JOBS   ?= $(shell nproc)
N      ?= 5000
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
# `make -j2` shares its two jobs with the build; without -j the build takes JOBS.
SHARE   = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: all configure check test test-kill soak bench demo site install uninstall deb clean
all: configure
	+cmake --build $(BUILD) $(SHARE)

configure:
	@test -f $(BUILD)/CMakeCache.txt || cmake -S . -B $(BUILD) $(CMAKE_FLAGS)

check: TESTS = -L 'unit|cli' -LE long
check test:
	cmake -S . -B $(BUILD) $(CMAKE_FLAGS) -DCLIMNORM_TESTS=ON
	+cmake --build $(BUILD) $(SHARE)
	ctest --test-dir $(BUILD) -j$(JOBS) $(TESTS) --output-on-failure --no-tests=error

# Kills a run N times.
test-kill:
	cmake -S . -B $(BUILD) $(CMAKE_FLAGS) -DCLIMNORM_TESTS=ON
	+cmake --build $(BUILD) $(SHARE) --target climnorm
	CLIMNORM_KILLS=$(N) cmake --build $(BUILD) --target test-kill

# Runs N random jobs and judges every value.
soak:
	cmake -S . -B $(BUILD) $(CMAKE_FLAGS) -DCLIMNORM_TESTS=ON
	+cmake --build $(BUILD) $(SHARE) --target climnorm
	CLIMNORM_SOAK=$(N) cmake --build $(BUILD) --target test-soak

bench: all
	$(PYTHON) $(BUILD)/bench/climnorm-bench $(BENCH) $(if $(BASELINE),--baseline "$(BASELINE)")

demo: all
	sh config/demo.sh $(BUILD)/climnorm

# The site of the documents; needs `.ci/install --site`.
site:
	BUILD=$(BUILD) .ci/site

install: all
	cmake --install $(BUILD)

uninstall:
	@cmake -D RECORD=$(BUILD)/installed -P packaging/uninstall.cmake

# Packages for Debian and its kin, in the build folder; needs `.ci/install --deb`. Below /usr Debian has
# other folders for libraries than below /usr/local, so this is a build of its own.
deb:
	cmake -S . -B $(BUILD)/deb $(CMAKE_FLAGS) -DCMAKE_INSTALL_PREFIX=/usr -DCLIMNORM_TESTS=OFF
	+cmake --build $(BUILD)/deb $(SHARE)
	cd $(BUILD)/deb && cpack -G DEB -B ..

clean:
	rm -rf $(BUILD)
