#!/usr/bin/env bash
# The library from outside: package_test.sh BUILD_DIR SCRATCH_DIR
# Installs a build and uses the copy through find_package and pkg-config; then uses the sources as a
# subdirectory, and looks at what the core alone links.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"

echo "== find_package"
cmake --install "$build" --prefix "$scratch/first" >/dev/null
mv first prefix # a copy that was moved works too
cmake -G Ninja -S "$here/find_package" -B found -DCMAKE_PREFIX_PATH="$scratch/prefix"
cmake --build found
found/core
(cd found && ./files && ./picture && ./steps)
prefix/bin/conv2d --version

echo "== pkg-config"
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find prefix -name conv2d.pc)")
read -ra flags <<<"$(pkg-config --static --cflags --libs conv2d)"
g++ -std=c++20 "$here/core.cc" "${flags[@]}" -o core_by_pkg_config
./core_by_pkg_config

echo "== add_subdirectory"
# Not optimised and for few instruction sets, for it is only linked, tried and looked at.
cmake -G Ninja -S "$here/subdirectory" -B sub -DCMAKE_UNITY_BUILD=ON \
  -DCMAKE_CXX_FLAGS='"-DHWY_DISABLED_TARGETS=(HWY_SSE4|HWY_AVX3)"'
cmake --build sub
sub/core

echo "== what the core links"
# Highway and OpenMP; the rest belongs to the compiler and the C library.
needed=$(objdump -p "$(find sub -name 'libconv2d.so' | head -n 1)" | awk '$1 == "NEEDED" { print $2 }')
echo "$needed"
if grep -vE '^(libhwy|libgomp|libstdc\+\+|libm|libgcc_s|libc|ld-linux-x86-64)\.so' <<<"$needed"; then
  echo "the core links more than Highway and OpenMP"
  exit 1
fi
