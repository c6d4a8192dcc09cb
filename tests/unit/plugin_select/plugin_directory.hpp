// SPDX-License-Identifier: Apache-2.0
// A directory of plugins for the tests of this folder. Files that nobody loads: only their manifests matter.
#pragma once

#include "host/plugin/select/registry.hpp"
#include "tests/support/plugin_library.hpp"

#include <fstream>
#include <gtest/gtest.h>

namespace mapscope::plugin {

class PluginDirectory {
public:
  /// NAME.so with that id and these lines beside the required ones.
  PluginDirectory& add(const std::string& name, const std::string& id,
                       const std::vector<std::string>& lines = {"attach=map-type:hash"},
                       const std::string& version = "1.0.0") {
    test::PluginLibrary library(FIXTURE_GOOD);
    library.set_manifest(test::manifest_text(id, lines, version));
    library.save(file(name + ".so"));
    return *this;
  }
  PluginDirectory& add_text(const std::string& name, const std::string& text) {
    std::ofstream(file(name)) << text;
    return *this;
  }
  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return directory_ / name; }
  [[nodiscard]] std::string path() const { return directory_.path().string(); }

  /// Fails the running test when the directory cannot be searched.
  [[nodiscard]] Registry registry(const config::Plugins& settings = {}) const {
    auto found = Registry::discover({}, {path()}, settings, {});
    EXPECT_TRUE(found) << found.error().text;
    return std::move(*found);
  }

private:
  test::TemporaryDirectory directory_;
};

/// The plugin of that file name; ends the test program when there is none.
inline const Plugin& by_name(const Registry& registry, const std::string& name) {
  for (const Plugin& plugin : registry.plugins())
    if (std::filesystem::path(plugin.path).filename() == name) return plugin;
  ADD_FAILURE() << "no plugin file " << name;
  std::abort();
}

} // namespace mapscope::plugin
