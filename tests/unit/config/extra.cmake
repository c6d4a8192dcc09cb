# The run_program library for its folders; the schema speaks toml++.
target_link_libraries(unit_config PRIVATE mapscope_test_program tomlplusplus::tomlplusplus)
target_compile_definitions(unit_config PRIVATE MAPSCOPE_CONFIGS="${PROJECT_SOURCE_DIR}/configs")
