# Toolchain: WebAssembly for the page, by Debian's Emscripten (emscripten): one module, no JavaScript.
# With vectors of 16 bytes where the preset gives -msimd128.
include(/usr/share/emscripten/cmake/Modules/Platform/Emscripten.cmake)
string(APPEND CMAKE_CXX_FLAGS_INIT
       " -fwasm-exceptions -include ${CMAKE_CURRENT_LIST_DIR}/wasm_standard_library.h")
