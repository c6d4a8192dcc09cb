# mapscope_add_plugin(NAME SOURCES file...): one renderer plugin, NAME.so, exporting its one symbol and nothing else.
#
# The version script matters beyond hygiene: a plugin that uses std::map exports hundreds of weak symbols with hidden
# visibility alone, and two plugins then share, and break, each other's templates.
set(MAPSCOPE_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map)

function(mapscope_add_plugin name)
  cmake_parse_arguments(arg "" "" "SOURCES" ${ARGN})
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE mapscope_sdk)
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_compile_definitions(${name} PRIVATE MAPSCOPE_PLUGIN_VERSION="${PROJECT_VERSION}")
  target_link_options(${name} PRIVATE LINKER:--version-script=${MAPSCOPE_PLUGIN_MAP} LINKER:-z,now LINKER:-z,relro
    LINKER:-z,noexecstack)
  if(NOT MAPSCOPE_SANITIZE) # the sanitizers' runtime is resolved from the program
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden
    SKIP_BUILD_RPATH ON LINK_DEPENDS ${MAPSCOPE_PLUGIN_MAP} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
endfunction()
