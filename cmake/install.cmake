# What `cmake --install` puts where, and how other projects find it: find_package(conv2d) and
# pkg-config. Each library is its own component, so that nobody needs libpng to use the core.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/conv2d)

install(DIRECTORY include/conv2d DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h
        PATTERN io.h EXCLUDE PATTERN diagram.h EXCLUDE PATTERN drawing.h EXCLUDE
        PATTERN figure.h EXCLUDE)

foreach(library conv2d conv2d_io conv2d_diagram conv2d_figure)
  if(TARGET ${library})
    set_target_properties(${library} PROPERTIES VERSION ${PROJECT_VERSION}
                                                SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
    install(TARGETS ${library} EXPORT ${library})
    string(REPLACE "conv2d_" "" component ${library})
    if(NOT component STREQUAL conv2d)
      set(headers include/conv2d/${component}.h)
      if(component STREQUAL diagram)
        list(APPEND headers include/conv2d/drawing.h)
      endif()
      install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/conv2d)
    endif()
    install(EXPORT ${library} NAMESPACE conv2d:: DESTINATION ${package_dir}
            FILE ${library}-targets.cmake)
  endif()
endforeach()

if(TARGET conv2d_cli)
  install(TARGETS conv2d_cli)
endif()

get_target_property(library_type conv2d TYPE)
if(library_type STREQUAL STATIC_LIBRARY)
  set(CONV2D_IS_STATIC TRUE)
else()
  set(CONV2D_IS_STATIC FALSE)
endif()
configure_package_config_file(cmake/conv2d-config.cmake.in
                              ${PROJECT_BINARY_DIR}/conv2d-config.cmake
                              INSTALL_DESTINATION ${package_dir})
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/conv2d-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/conv2d-config.cmake
              ${PROJECT_BINARY_DIR}/conv2d-config-version.cmake DESTINATION ${package_dir})

# What a static library still needs goes where pkg-config --static finds it.
set(CONV2D_PC_LIBS_PRIVATE "-lstdc++ -lhwy")
if(CONV2D_THREADS STREQUAL openmp)
  string(APPEND CONV2D_PC_LIBS_PRIVATE " ${OpenMP_CXX_FLAGS}")
elseif(CONV2D_THREADS STREQUAL std)
  string(APPEND CONV2D_PC_LIBS_PRIVATE " -pthread")
endif()
# Said from the file's own place, so that an installed copy may be moved.
file(RELATIVE_PATH CONV2D_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/conv2d.pc.in ${PROJECT_BINARY_DIR}/conv2d.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/conv2d.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
