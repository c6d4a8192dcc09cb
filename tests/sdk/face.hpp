// SPDX-License-Identifier: Apache-2.0
// Plugins of tests, written in place, against the fake host.
#pragma once

#include <mapscope/plugin.hpp>
#include <mapscope/testing/fake_host.hpp>

#include <string>

namespace mapscope::test {

template <void (*Render)(Call&)>
inline constexpr msc_plugin plugin_of = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR, &guarded<Render>};
template <void (*Decode)(Element&)> inline constexpr msc_plugin decoder_of = plugin_of<&render_rows<Decode>>;

/// What it handed over, then what it misused, and what it returned unless that is MSC_OK.
inline std::string rendered(const msc_plugin& plugin, const testing::FakeHost& host) {
  const testing::Report report = host.render(plugin);
  std::string text = report.text();
  for (const std::string& misuse : report.misuse) text += "misuse: " + misuse + '\n';
  return report.rc == MSC_OK ? text : text + "returned " + std::to_string(report.rc) + '\n';
}
inline std::string rendered(const msc_plugin& plugin, std::string_view image) {
  return rendered(plugin, testing::FakeHost(image));
}

} // namespace mapscope::test
