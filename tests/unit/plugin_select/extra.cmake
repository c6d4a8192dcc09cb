# The library whose manifest is rewritten is built for plugin_verify.
add_dependencies(unit_plugin_select fixture_good)
target_compile_definitions(unit_plugin_select PRIVATE FIXTURE_GOOD="$<TARGET_FILE:fixture_good>")
