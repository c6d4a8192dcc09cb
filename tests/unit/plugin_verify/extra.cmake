# Libraries that the tests of the verifier and of the selection read and change byte by byte; they are never loaded.
foreach(fixture good reaching sdk)
  add_library(fixture_${fixture} MODULE ${CMAKE_CURRENT_LIST_DIR}/fixtures/${fixture}.c)
  target_link_libraries(fixture_${fixture} PRIVATE mapscope_sdk)
  target_link_options(fixture_${fixture} PRIVATE LINKER:--version-script=${PROJECT_SOURCE_DIR}/sdk/cmake/plugin.map
    LINKER:-z,now,-z,relro,-z,noexecstack,--build-id=none)
  set_target_properties(fixture_${fixture} PROPERTIES PREFIX "" SKIP_BUILD_RPATH ON LINK_DEPENDS ${PROJECT_SOURCE_DIR}/sdk/cmake/plugin.map
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/plugin_fixtures)
  add_dependencies(unit_plugin_verify fixture_${fixture})
  string(TOUPPER ${fixture} name)
  target_compile_definitions(unit_plugin_verify PRIVATE FIXTURE_${name}="$<TARGET_FILE:fixture_${fixture}>")
endforeach()
