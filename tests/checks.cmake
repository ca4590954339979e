# The checks of the project as a whole: of its sources, of the builds that look deeper, and of what
# another project gets from it. Each is one test.
function(conv2d_check name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS check TIMEOUT 1800)
endfunction()

conv2d_check(floors_test ${CONV2D_PYTHON} tests/floors/floors_test.py)
conv2d_check(format_test scripts/format.sh --check)
conv2d_check(file_size_test tests/file_size_test.sh)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # Not winograd.cc, whose transforms hold more numbers than there are registers.
  set(hot "simd/(kernels|planar|interleaved_planar|pointwise_planes|depthwise_rows|depthwise_planes|depthwise_channels|joined_groups|separable)[.]cc")
  conv2d_check(assembly_test ${CONV2D_PYTHON} tests/simd/assembly_test.py
               $<FILTER:$<TARGET_OBJECTS:conv2d>,INCLUDE,${hot}> COMMAND_EXPAND_LISTS)
endif()
conv2d_check(package_test tests/package/package_test.sh ${PROJECT_BINARY_DIR}
             ${CMAKE_CURRENT_BINARY_DIR}/package)

# The other builds, each with its own tests, and clang-tidy, which reads one of them. Each takes one
# core from its beginning to its end, the longest first, so that all cores have work until the last
# ends. On ARM NEON is what every test runs on.
set(presets asan tsan fuzz)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND presets neon)
endif()
foreach(preset ${presets})
  conv2d_check(${preset} ${CMAKE_COMMAND} --workflow --preset ${preset})
endforeach()
# The page, from build/site: its parts alone, and what a person does on it.
conv2d_check(web_parts_test node web/test/run.mjs)
conv2d_check(web_test node --test tests/web/web_test.mjs)
set_tests_properties(web_test PROPERTIES COST 600 ENVIRONMENT CONV2D_COMMAND=$<TARGET_FILE:conv2d_cli>)

conv2d_check(tidy_test scripts/tidy.py --jobs 1)
set_tests_properties(${presets} PROPERTIES COST 500 ENVIRONMENT CTEST_PARALLEL_LEVEL=1)
set_tests_properties(tidy_test PROPERTIES COST 1000)
set_tests_properties(fuzz tidy_test PROPERTIES RESOURCE_LOCK build_of_clang)
cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
set_tests_properties(package_test PROPERTIES PROCESSORS ${cores})
