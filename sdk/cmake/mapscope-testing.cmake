# SPDX-License-Identifier: Apache-2.0
# mapscope-sdk::testing, a host for plugins' own tests; a project that has no C++ goes without. It is installed
# compiled, for GNU's C++ library as it comes. For what could not be linked with that (LLVM's library, GNU's old ABI or
# its debug mode, another machine) it is made from its sources in ${testing_folder}.
get_property(_mapscope_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT TARGET mapscope-sdk::testing AND CXX IN_LIST _mapscope_languages)
  include(CheckCXXSourceCompiles)
  check_cxx_source_compiles("#include <cstddef>
    #if !defined __GLIBCXX__ || !_GLIBCXX_USE_CXX11_ABI || defined _GLIBCXX_DEBUG
    #error another ABI
    #endif
    int main() {}" MAPSCOPE_TESTING_FITS)
  if(TARGET mapscope-sdk::testing_compiled AND MAPSCOPE_TESTING_FITS AND NOT CMAKE_CROSSCOMPILING)
    add_library(mapscope-sdk::testing ALIAS mapscope-sdk::testing_compiled)
  else()
    file(GLOB _mapscope_testing CONFIGURE_DEPENDS ${testing_folder}/*.cpp)
    add_library(mapscope_sdk_testing STATIC EXCLUDE_FROM_ALL ${_mapscope_testing})
    target_include_directories(mapscope_sdk_testing SYSTEM PUBLIC ${testing_folder}/include)
    target_link_libraries(mapscope_sdk_testing PUBLIC mapscope-sdk::sdk)
    target_compile_features(mapscope_sdk_testing PUBLIC cxx_std_20)
    set_target_properties(mapscope_sdk_testing PROPERTIES POSITION_INDEPENDENT_CODE ON)
    add_library(mapscope-sdk::testing ALIAS mapscope_sdk_testing)
  endif()
endif()
