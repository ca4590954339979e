# Toolchain: WebAssembly with vectors of 16 bytes, by Debian's Emscripten (emscripten), run by Node.
include(/usr/share/emscripten/cmake/Modules/Platform/Emscripten.cmake)
string(APPEND CMAKE_CXX_FLAGS_INIT
       " -msimd128 -fwasm-exceptions -include ${CMAKE_CURRENT_LIST_DIR}/wasm_standard_library.h")
# One file, because this Emscripten would fetch a second one from the network, as a page does, in any
# Node that has learnt to since.
string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT
       " -sSINGLE_FILE=1 -sNODERAWFS=1 -sALLOW_MEMORY_GROWTH=1 -sEXIT_RUNTIME=1")
