# What the core needs: Highway, as PkgConfig::HIGHWAY, and DLPack's header. Highway's library finds
# out what an x86 processor has; on others there is one instruction set (src/simd/dispatch.cc), and
# its headers are enough. They are the same for every processor, and so is DLPack's: a build for
# another machine takes this machine's.
if(CMAKE_CROSSCOMPILING)
  # Said every time, or CMake warns from the second time on that nobody uses the variable.
  message(STATUS "Toolchain: ${CMAKE_TOOLCHAIN_FILE}")
  # Apart from the headers beside them, which are for this machine only.
  set(apart ${PROJECT_BINARY_DIR}/headers)
  file(MAKE_DIRECTORY ${apart})
  foreach(name hwy dlpack)
    find_path(headers ${name} REQUIRED NO_CACHE NO_CMAKE_FIND_ROOT_PATH PATHS /usr/include)
    file(CREATE_LINK ${headers}/${name} ${apart}/${name} SYMBOLIC)
    unset(headers)
  endforeach()
  include_directories(SYSTEM ${apart})
  add_library(PkgConfig::HIGHWAY INTERFACE IMPORTED)
else()
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(HIGHWAY REQUIRED IMPORTED_TARGET libhwy)
endif()
