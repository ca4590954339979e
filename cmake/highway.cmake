# Highway, as PkgConfig::HIGHWAY. Its library finds out what an x86 processor has. On others there
# is one instruction set (src/simd/dispatch.cc), and its headers, the same for every processor, are
# all that is needed: so a build for another machine takes this machine's.
if(CMAKE_CROSSCOMPILING)
  # Said every time, or CMake warns from the second time on that nobody uses the variable.
  message(STATUS "Toolchain: ${CMAKE_TOOLCHAIN_FILE}")
  find_path(HIGHWAY_HEADERS hwy/highway.h REQUIRED NO_CMAKE_FIND_ROOT_PATH PATHS /usr/include)
  # Apart from the headers beside them, which are for this machine only.
  set(apart ${PROJECT_BINARY_DIR}/highway)
  file(MAKE_DIRECTORY ${apart})
  file(CREATE_LINK ${HIGHWAY_HEADERS}/hwy ${apart}/hwy SYMBOLIC)
  add_library(PkgConfig::HIGHWAY INTERFACE IMPORTED)
  target_include_directories(PkgConfig::HIGHWAY INTERFACE ${apart})
else()
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(HIGHWAY REQUIRED IMPORTED_TARGET libhwy)
endif()
