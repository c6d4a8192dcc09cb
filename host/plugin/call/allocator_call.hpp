// SPDX-License-Identifier: Apache-2.0
// What a call is for when a plugin reads an allocator: the variable, and what is filled in.
//
// Thread rule: plain values.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/report/slots.hpp"

#include <memory>
#include <string>
#include <unordered_map>

namespace mapscope::btf {
class Decoder;
} // namespace mapscope::btf

namespace mapscope::plugin {

/// A global variable that may be an allocator.
struct AllocatorVariable {
  std::string name;
  const catalog::Map* section = nullptr;
  std::uint64_t root = 0; ///< kernel address
  btf::TypeId type = 0;   ///< peeled; of the section's types
  std::uint64_t size = 0; ///< bytes
};

/// What one plugin call is for, beside a map.
struct AllocatorCall {
  const AllocatorVariable* variable = nullptr;
  const catalog::Arena* arena = nullptr; ///< null: none is known
  report::SlotPool pool;                 ///< filled by the plugin
  bool has_pool = false;
  /// Of typed fields, which are kept and written when the call is over.
  std::unordered_map<std::uint64_t, std::shared_ptr<const btf::Decoder>> decoders = {};
};

} // namespace mapscope::plugin
