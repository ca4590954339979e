# The switches of the build, and the flags that every target of the project is compiled with.
option(CONV2D_BUILD_IO "Build conv2d_io: npy, npz, safetensors, PNG, JPEG, ONNX" ${PROJECT_IS_TOP_LEVEL})
option(CONV2D_BUILD_FIGURE "Build conv2d_figure: contact sheets" ${PROJECT_IS_TOP_LEVEL})
option(CONV2D_BUILD_CLI "Build the conv2d command" ${PROJECT_IS_TOP_LEVEL})
option(CONV2D_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(CONV2D_BUILD_WEB "Build the page's engine (Emscripten)" OFF)
option(CONV2D_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(CONV2D_TEST_EVERYTHING "Also the tests that need PyTorch, clang and other builds" OFF)
option(CONV2D_BUILD_FUZZERS "Build the libFuzzer targets (clang)" OFF)
option(CONV2D_INSTALL "Add the install target" ${PROJECT_IS_TOP_LEVEL})
option(CONV2D_WARNINGS_AS_ERRORS "Stop at the first warning" OFF)
set(CONV2D_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them: address,undefined")
set(CONV2D_THREADS openmp CACHE STRING "What runs loops on several cores: openmp, std or none")
set_property(CACHE CONV2D_THREADS PROPERTY STRINGS openmp std none)

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_EXTENSIONS OFF)
# A static library may end up inside a Python module or another shared one.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE ccache)
if(CCACHE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# How every target here is compiled. Not passed on to users of the library.
function(conv2d_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  # The order and the rounding of every operation are part of the contract: no fused multiply-add
  # unless the source says so.
  target_compile_options(${target} PRIVATE -ffp-contract=off -Wall -Wextra -Wshadow -Wconversion
                         -Wsign-conversion -Wno-missing-field-initializers)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # GCC 12 sees overlaps in "text" + std::string where there are none (gcc.gnu.org/PR105651).
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(CMAKE_SIZEOF_VOID_P EQUAL 4)
    # Sizes and distances are counted in 64 bits, and fit 32 where they are in memory (tensor.cc).
    target_compile_options(${target} PRIVATE -Wno-shorten-64-to-32 -Wno-c++11-narrowing)
  endif()
  if(CONV2D_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(CONV2D_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${CONV2D_SANITIZE} -fno-omit-frame-pointer
                           -fno-sanitize-recover=all)
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      # With sanitizers GCC warns of variables that are initialised (its manual says so).
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
    target_link_options(${target} PUBLIC -fsanitize=${CONV2D_SANITIZE})
  endif()
endfunction()
