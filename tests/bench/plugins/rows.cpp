// SPDX-License-Identifier: Apache-2.0
// A plugin that shows as many entries as it is told to, whatever the map holds: what an entry costs on its
// way to the report, and little else.
#include <mapscope/plugin.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace {

constexpr std::size_t window = 1024; // entries to one read, as sequential plugins do

void render(mapscope::Call& call) {
  std::uint64_t rows = 0;
  const std::string_view text = call.config("rows");
  std::from_chars(text.data(), text.data() + text.size(), rows);
  std::array<std::byte, 64> key{};
  std::array<std::byte, 4096> value{};
  const auto key_size = std::min<std::size_t>(call.target.key_size, key.size());
  const auto value_size = std::min<std::size_t>(call.target.value_size, value.size());
  for (std::uint64_t i = 0; i < rows; ++i) {
    if (i % window == 0) call.read(MSC_KERNEL, call.target.map, std::span(value).first(64));
    std::memcpy(key.data(), &i, std::min(key_size, sizeof i));
    call.entry(std::span(key).first(key_size), std::span(value).first(value_size));
  }
}

} // namespace

MSC_PLUGIN(render, "id=org.example.rows\0"
                   "version=1.0.0\0"
                   "license=Apache-2.0\0"
                   "attach=map-name:no_map_is_called_this\0"
                   "config=rows:u64=10");
