# SPDX-License-Identifier: Apache-2.0
# mapscope_add_plugin(NAME SOURCES file...): one renderer plugin, NAME.so, exporting its one symbol and nothing
# else. The program in the build tree finds it in plugins/ beside itself, the installed one in lib/mapscope/plugins.
#
# The version script matters beyond hygiene: a plugin that uses std::map exports hundreds of weak symbols with
# hidden visibility alone, and two plugins then share, and break, each other's templates.
include(GNUInstallDirs)

function(mapscope_add_plugin name)
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  cmake_parse_arguments(arg "" "" "SOURCES" ${ARGN})
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE mapscope_sdk)
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_compile_definitions(${name} PRIVATE MAPSCOPE_PLUGIN_VERSION="${PROJECT_VERSION}")
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
  install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/mapscope/plugins)
endfunction()
