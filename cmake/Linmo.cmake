# SPDX-License-Identifier: Apache-2.0
# One static library a folder of linmo/, its tests beside the code. Test labels: fast (all in under a
# minute), slow (suites named *Slow*), perf (benchmarks, never part of ./run test).
include(GoogleTest)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(TOML REQUIRED IMPORTED_TARGET tomlplusplus)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
# Debian's dnnl-config.cmake asks for OpenCL's headers, which a CPU user does not need.
find_path(DNNL_INCLUDE dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(linmo_onednn INTERFACE)
target_include_directories(linmo_onednn SYSTEM INTERFACE ${DNNL_INCLUDE})
target_link_libraries(linmo_onednn INTERFACE ${DNNL_LIBRARY})
find_package(hwy REQUIRED)
find_package(OpenMP REQUIRED)  # what Debian's oneDNN runs on; our own loops share its threads
pkg_check_modules(CODECS REQUIRED IMPORTED_TARGET libjpeg libpng libwebp libwebpdemux libwebpmux libtiff-4 lcms2)
pkg_check_modules(AVIF IMPORTED_TARGET libavif)  # without it AVIF is refused
pkg_check_modules(HEIC IMPORTED_TARGET libheif)  # the same of HEIC
pkg_check_modules(COLLECTION REQUIRED IMPORTED_TARGET freetype2)
pkg_check_modules(LIBAV REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(ZIP REQUIRED IMPORTED_TARGET libzip)
find_package(Boost 1.74 REQUIRED)  # headers of Asio and Beast
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
add_library(linmo_eigen INTERFACE)
target_link_libraries(linmo_eigen INTERFACE Eigen3::Eigen)
# Our own loops are parallel; a matrix product that also was would split sums differently on other machines.
target_compile_definitions(linmo_eigen INTERFACE EIGEN_DONT_PARALLELIZE)
if(LINMO_TRAIN)
  # Debian's TorchConfig.cmake asks for protobuf and other packages that a user of libtorch does not
  # need; the headers and libraries are enough.
  find_path(TORCH_INCLUDE torch/csrc/api/include/torch/torch.h REQUIRED)
  find_library(TORCH_LIBRARY torch REQUIRED)
  find_library(TORCH_CPU_LIBRARY torch_cpu REQUIRED)
  find_library(C10_LIBRARY c10 REQUIRED)
  add_library(linmo_libtorch INTERFACE)
  target_include_directories(linmo_libtorch SYSTEM INTERFACE
    ${TORCH_INCLUDE} ${TORCH_INCLUDE}/torch/csrc/api/include)
  # The OpenMP build of OpenBLAS shares libtorch's threads. The pthread build, which other packages make the
  # default, keeps threads of its own that spin on the same cores: a training step is then 4 times slower. An
  # RPATH (not RUNPATH: libtorch, not we, asks for BLAS) makes the choice independent of the machine's default.
  file(GLOB LINMO_OPENBLAS /usr/lib/*/openblas-openmp)
  if(LINMO_OPENBLAS)
    target_link_options(linmo_libtorch INTERFACE -Wl,--disable-new-dtags -Wl,-rpath,${LINMO_OPENBLAS})
  else()
    message(WARNING "libopenblas0-openmp is not installed: training will be several times slower")
  endif()
  target_link_libraries(linmo_libtorch INTERFACE
    ${TORCH_LIBRARY} ${TORCH_CPU_LIBRARY} ${C10_LIBRARY} OpenMP::OpenMP_CXX)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # What it needs to be told to keep files with precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD AND NOT LINMO_FUZZ AND NOT LINMO_SANITIZE AND NOT CMAKE_CROSSCOMPILING)
  add_link_options(-fuse-ld=mold)
endif()
if(LINMO_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(LINMO_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined)
  add_custom_target(fuzzers)
  add_link_options(-fsanitize=address,undefined)
endif()
if(LINMO_TESTS AND NOT LINMO_FUZZ)
  find_package(GTest REQUIRED)
  enable_testing()
endif()

# GCC 12 sees overlapping copies in std::string's operator+ at -O3 (its bug 105651).
set(LINMO_WARNINGS -Wall -Wextra -Werror $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

# Headers that most files of a target read are parsed once for all of them. Targets that share what was parsed must be
# compiled with the same options: hence OpenMP's everywhere.
# Clang's builds (fuzz) have none, so a file that forgets an include is found there.
#
# What waits for people or files is compiled with less optimisation, which is most of what such a file costs.
set(LINMO_PLAIN_CODE -O1)
set(LINMO_COMMON_HEADERS <algorithm> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <numeric> <optional>
    <span> <string> <string_view> <variant> <vector> <fmt/format.h> <nlohmann/json.hpp>)
add_compile_options(${OpenMP_CXX_FLAGS})

# linmo_precompile(TARGET [FROM other] [HEADERS ...]): headers of its own, or those that the other target has.
function(linmo_precompile target)
  cmake_parse_arguments(A "" "FROM" "HEADERS" ${ARGN})
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    return()
  endif()
  if(A_FROM)
    target_precompile_headers(${target} REUSE_FROM ${A_FROM})
  else()
    target_precompile_headers(${target} PRIVATE ${A_HEADERS})
  endif()
  # -fpch-preprocess: for ccache. GCC 12 also forgets which of these headers are the system's, and warns of what it
  # believes to see in std::string.
  target_compile_options(${target} PRIVATE -fpch-preprocess -Wno-array-bounds -Wno-stringop-overflow
    -Wno-stringop-overread)
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    get_source_file_property(own ${source} COMPILE_OPTIONS)
    # On Arm, GCC 12 crashes on Highway's SVE header behind precompiled ones.
    set(highway "")
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64" AND source MATCHES "\\.cc$")
      get_filename_component(file ${source} ABSOLUTE)
      file(STRINGS ${file} highway REGEX "#include .hwy/" LIMIT_COUNT 1)
    endif()
    if(own OR highway)
      set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
endfunction()

# linmo_together(TARGET): its files are compiled several at a time, since most of what one costs are the same templates
# in all of them. Names in their anonymous namespaces must then differ. Off with LINMO_TOGETHER=OFF and in clang's builds.
function(linmo_together target)
  if(LINMO_TOGETHER AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
    # A file that another one includes is a header to GCC, in which anonymous types look like a mistake.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# linmo_library(NAME [FOLDER folder] [FILES a.cc ...] [EXCEPT a.cc ...] [TORCH] [TOGETHER] [PLAIN] [DEPS ...])
# FILES and EXCEPT split a folder in a part that needs libtorch and one that does not; a test goes with
# the file it is named after. TOGETHER: linmo_together(), its tests too.
# PLAIN: LINMO_PLAIN_CODE, but for files with own options.
function(linmo_library name)
  cmake_parse_arguments(A "TORCH;TOGETHER;PLAIN" "FOLDER" "FILES;EXCEPT;DEPS" ${ARGN})
  if(NOT A_FOLDER)
    set(A_FOLDER ${name})
  endif()
  set(dir ${CMAKE_SOURCE_DIR}/linmo/${A_FOLDER})
  file(GLOB all CONFIGURE_DEPENDS RELATIVE ${dir} ${dir}/*.cc ${dir}/*/*.cc)
  set(sources "")
  set(tests "")
  foreach(file ${all})
    if(file MATCHES "_fuzz\\.cc$")
      continue()
    endif()
    string(REGEX REPLACE "_test\\.cc$" ".cc" owner ${file})
    if(A_FILES AND NOT owner IN_LIST A_FILES)
      continue()
    endif()
    if(owner IN_LIST A_EXCEPT)
      continue()
    endif()
    if(file MATCHES "_test\\.cc$")
      list(APPEND tests ${dir}/${file})
    else()
      list(APPEND sources ${dir}/${file})
    endif()
  endforeach()
  if(sources)
    add_library(linmo_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_compile_options(linmo_${name} PRIVATE ${LINMO_WARNINGS})
    if(A_PLAIN)
      target_compile_options(linmo_${name} PRIVATE ${LINMO_PLAIN_CODE})
    endif()
    if(A_TOGETHER)
      linmo_together(linmo_${name})
    endif()
  else()
    add_library(linmo_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(linmo_${name} ${scope} ${CMAKE_SOURCE_DIR})
  target_link_libraries(linmo_${name} ${scope} ${A_DEPS} Threads::Threads)
  if(A_TORCH)
    target_link_libraries(linmo_${name} ${scope} linmo_libtorch)
  endif()
  list(LENGTH sources count)
  if(name STREQUAL core)
    linmo_precompile(linmo_core HEADERS ${LINMO_COMMON_HEADERS})
  elseif(A_TORCH AND count GREATER 3)
    linmo_precompile(linmo_${name} HEADERS <ATen/ATen.h>)
    set(precompiled linmo_${name})
  elseif(sources AND NOT A_TORCH)
    linmo_precompile(linmo_${name} FROM linmo_core)
  endif()
  if(tests AND LINMO_TESTS AND NOT LINMO_FUZZ)
    linmo_test(${name}_test SOURCES ${tests} DEPS linmo_${name} PRECOMPILED ${precompiled})
    if(A_TOGETHER)
      linmo_together(${name}_test)
    endif()
  endif()
endfunction()

# The target test_programs: what ctest runs, without the commands that nobody needs for it.
function(linmo_test_program name)
  if(NOT TARGET test_programs)
    add_custom_target(test_programs)
  endif()
  add_dependencies(test_programs ${name})
endfunction()

# linmo_test(NAME SOURCES ... DEPS ... [PRECOMPILED target]): a GoogleTest program; suites named *Slow* get the label
# slow. Its precompiled headers are those of the target, or the ones that all tests share.
function(linmo_test name)
  cmake_parse_arguments(A "" "PRECOMPILED" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  linmo_test_program(${name})
  target_compile_options(${name} PRIVATE ${LINMO_WARNINGS})
  target_compile_definitions(${name} PRIVATE LINMO_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${A_DEPS} GTest::gtest GTest::gtest_main)
  if(NOT TARGET linmo_test_headers)
    file(WRITE ${CMAKE_BINARY_DIR}/test_headers.cc "")
    add_library(linmo_test_headers STATIC ${CMAKE_BINARY_DIR}/test_headers.cc)
    target_link_libraries(linmo_test_headers PRIVATE linmo_core GTest::gtest)
    target_compile_options(linmo_test_headers PRIVATE ${LINMO_PLAIN_CODE})
    linmo_precompile(linmo_test_headers HEADERS <gtest/gtest.h> ${LINMO_COMMON_HEADERS})
  endif()
  if(NOT A_PRECOMPILED)
    set(A_PRECOMPILED linmo_test_headers)
    target_compile_options(${name} PRIVATE ${LINMO_PLAIN_CODE})
  endif()
  linmo_precompile(${name} FROM ${A_PRECOMPILED})
  gtest_discover_tests(${name} TEST_PREFIX ${name}: TEST_FILTER "-*Slow*" DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS fast TIMEOUT 120)
  gtest_discover_tests(${name} TEST_PREFIX ${name}: TEST_FILTER "*Slow*" DISCOVERY_TIMEOUT 60
    TEST_LIST ${name}_slow_list PROPERTIES LABELS slow TIMEOUT 900)
endfunction()

# linmo_fuzz(NAME SOURCES ... DEPS ...): LLVMFuzzerTestOneInput as a libFuzzer program with LINMO_FUZZ, and
# otherwise as a test that runs it over tests/fuzz/corpus/NAME.
function(linmo_fuzz name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  if(LINMO_FUZZ)
    add_executable(${name} ${A_SOURCES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${name})
    target_link_libraries(${name} PRIVATE ${A_DEPS})
  else()
    add_executable(${name} ${A_SOURCES} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    linmo_test_program(${name})
    target_link_libraries(${name} PRIVATE ${A_DEPS})
    add_test(NAME fuzz_corpus:${name} COMMAND ${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(fuzz_corpus:${name} PROPERTIES LABELS fast TIMEOUT 120)
  endif()
  target_compile_options(${name} PRIVATE ${LINMO_WARNINGS})
endfunction()
