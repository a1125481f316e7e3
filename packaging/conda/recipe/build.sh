#!/bin/bash
# Builds and installs climnorm into $PREFIX; conda sets CMAKE_ARGS, CPU_COUNT and PREFIX.
set -euo pipefail

# shellcheck disable=SC2086 # a list of words
cmake ${CMAKE_ARGS:-} -S . -B build-conda -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$PREFIX" \
    -DCMAKE_INSTALL_LIBDIR=lib -DCLIMNORM_TESTS=OFF
cmake --build build-conda -j "${CPU_COUNT:-2}"
cmake --install build-conda
