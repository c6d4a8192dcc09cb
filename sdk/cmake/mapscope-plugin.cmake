# SPDX-License-Identifier: Apache-2.0
# mapscope_add_plugin(NAME SOURCES file... [CONFIG file]): one renderer plugin, plugins/NAME.so in the build tree,
# which exports its one symbol and nothing else. The verifier looks at it as a step of the build, with the TOML
# configuration CONFIG if there is one: what mapscope would refuse to load is a build error. `cmake --install` puts
# it where an installed mapscope of the same prefix finds it.
#
# The version script matters beyond hygiene: a plugin that uses std::map exports hundreds of weak symbols with
# hidden visibility alone, and two plugins then share, and break, each other's templates.
function(mapscope_add_plugin name)
  cmake_parse_arguments(arg "" "CONFIG" "SOURCES" ${ARGN})
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mapscope_add_plugin: expected NAME SOURCES file... [CONFIG file], found: ${ARGV}")
  endif()
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE mapscope-sdk::sdk)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(C IN_LIST languages)
    target_compile_features(${name} PRIVATE c_std_11)
  endif()
  if(CXX IN_LIST languages)
    target_compile_features(${name} PRIVATE cxx_std_20)
  endif()
  set(version ${PROJECT_VERSION})
  if(NOT version)
    set(version 0)
  endif()
  target_compile_definitions(${name} PRIVATE MAPSCOPE_PLUGIN_VERSION="${version}")
  _mapscope_link_plugin(${name})
  _mapscope_verify_plugin(${name} "${arg_CONFIG}")
  get_property(folder GLOBAL PROPERTY mapscope_plugin_destination)
  install(TARGETS ${name} LIBRARY DESTINATION ${folder})
endfunction()

function(_mapscope_link_plugin name)
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  target_link_options(${name} PRIVATE LINKER:--version-script=${map} LINKER:-z,now LINKER:-z,relro
    LINKER:-z,noexecstack)
  if(MAPSCOPE_SANITIZE) # the sanitizers' runtime is resolved from the program: no -z defs
    target_compile_options(${name} PRIVATE -fsanitize=${MAPSCOPE_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${name} PRIVATE -fsanitize=${MAPSCOPE_SANITIZE})
  else()
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON SKIP_BUILD_RPATH ON INSTALL_RPATH "" LINK_DEPENDS ${map}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
endfunction()

# Who owns the files matters where a plugin is used, not where it is built.
function(_mapscope_verify_plugin name config)
  if(CMAKE_CROSSCOMPILING OR NOT TARGET mapscope-sdk::mapscope)
    return()
  endif()
  if(config)
    cmake_path(ABSOLUTE_PATH config BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    set(config --config ${config})
  endif()
  add_custom_command(TARGET ${name} POST_BUILD VERBATIM COMMENT "Verifying ${name}.so"
    COMMAND mapscope-sdk::mapscope plugins verify --quiet --any-owner ${config} $<TARGET_FILE:${name}>)
endfunction()
