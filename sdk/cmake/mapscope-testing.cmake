# SPDX-License-Identifier: Apache-2.0
# mapscope-sdk::testing, a host for plugins' own tests, made from its sources in ${testing_folder}; a project that has
# no C++ goes without.
get_property(_mapscope_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT TARGET mapscope_sdk_testing AND CXX IN_LIST _mapscope_languages)
  file(GLOB _mapscope_testing CONFIGURE_DEPENDS ${testing_folder}/*.cpp)
  add_library(mapscope_sdk_testing STATIC EXCLUDE_FROM_ALL ${_mapscope_testing})
  target_include_directories(mapscope_sdk_testing SYSTEM INTERFACE ${testing_folder}/include)
  target_include_directories(mapscope_sdk_testing PRIVATE ${testing_folder}/include)
  target_link_libraries(mapscope_sdk_testing PUBLIC mapscope-sdk::sdk)
  target_compile_features(mapscope_sdk_testing PUBLIC cxx_std_20)
  set_target_properties(mapscope_sdk_testing PROPERTIES POSITION_INDEPENDENT_CODE ON)
  add_library(mapscope-sdk::testing ALIAS mapscope_sdk_testing)
endif()
