// SPDX-License-Identifier: Apache-2.0
#include "plugin_file.hpp"

#include <dlfcn.h>
#include <stdexcept>

namespace mapscope::test {

const msc_plugin& plugin_file(std::string_view name) {
  const std::string path = std::string(MAPSCOPE_PLUGIN_DIR "/").append(name).append(".so");
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  const void* symbol = library != nullptr ? ::dlsym(library, "msc_plugin_v1") : nullptr;
  if (symbol == nullptr) throw std::runtime_error(::dlerror());
  return *static_cast<const msc_plugin*>(symbol);
}

} // namespace mapscope::test
