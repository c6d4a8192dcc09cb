// SPDX-License-Identifier: Apache-2.0
// The C++ face compiles alone, and so do all of its templates.
#include <mapscope/plugin.hpp>

namespace {

struct Pair {
  std::uint32_t first, second;
};
enum class State : std::uint8_t { idle, busy };

void show(mapscope::Element& element) {
  element.number("hits", element.get<std::uint64_t>("hits"));
  element.real("rate", element.get<double>("rate", 0) + element.get_if<float>("rate").value_or(0));
  element.flag("busy", element.get<State>("state") == State::busy || element.get<bool>("is_busy"));
  element.number("pair", element.get<Pair>("pair").first + element.get_if<Pair>("pair", 1).value().second);
  element.number("key", element.key<std::uint32_t>() + element.key_if<std::uint16_t>("port").value_or(0));
  element.text("name", element.string("name") + element.string_if("name").value_or("") +
                           element.string("name", 0) + element.key_string());
  if (element.is_per_cpu() && !element.has_cpu(0)) element.leave_out();
}

} // namespace

MSC_ELEMENT_PLUGIN(show,
                   "id=org.example.wrapper\0version=1\0license=Apache-2.0\0attach=map-name:x mode=element");
