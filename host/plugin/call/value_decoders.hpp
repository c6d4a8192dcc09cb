// SPDX-License-Identifier: Apache-2.0
// What the values of one render are decoded as: the types that the map declares, and those that its plugin
// names.
//
// Thread rule: belongs to the thread that renders.
#pragma once

#include "host/plugin/call/task.hpp"
#include "host/report/code_pointers.hpp"

#include <mapscope/plugin.h>

#include <memory>
#include <unordered_map>

namespace mapscope::btf {
class Behind;
class Decoder;
} // namespace mapscope::btf
namespace mapscope::report {
class SpecialFields;
} // namespace mapscope::report

namespace mapscope::plugin {

class TypeHelpers;
class Words;

class ValueDecoders {
public:
  ValueDecoders(const Task& task, Words& words, const TypeHelpers& types);
  ~ValueDecoders();
  ValueDecoders(const ValueDecoders&) = delete;
  ValueDecoders& operator=(const ValueDecoders&) = delete;

  /// Null: bytes.
  const btf::Decoder* of(msc_type type, bool is_key) {
    const Last& last = last_[is_key ? 1 : 0];
    return last.is_known && last.type == type ? last.decoder : of_another(type, is_key);
  }
  /// Of a typed field of an allocator, which is written when the call is over.
  const btf::Decoder* lasting(msc_type type);
  [[nodiscard]] const btf::Decoder* untyped() const { return untyped_.get(); }
  /// Says where the map's own types say nothing, as of() does for keys that come among members.
  void tell_untyped_keys() { (void)declared(true); }
  /// A pointer to code may have a name that could not be read.
  [[nodiscard]] bool lacks_memory() const { return code_.lacks_memory(); }
  /// Of the map's own types; null before any of them was used.
  [[nodiscard]] report::SpecialFields* special() const { return special_.get(); }

private:
  /// One row's is the next row's, as a rule.
  struct Last {
    bool is_known = false;
    msc_type type = 0;
    const btf::Decoder* decoder = nullptr;
  };

  const btf::Decoder* of_another(msc_type type, bool is_key);
  std::shared_ptr<const btf::Decoder> find(msc_type type, bool is_key);
  std::shared_ptr<const btf::Decoder> declared(bool is_key);
  btf::Behind* behind(const btf::Types* types);

  const Task& task_;
  Words& words_;
  const TypeHelpers& types_;
  report::CodePointers code_;
  std::unique_ptr<report::SpecialFields> special_;
  std::unordered_map<msc_type, std::shared_ptr<const btf::Decoder>> decoders_[2]; ///< values, keys
  Last last_[2];
  std::shared_ptr<const btf::Decoder> untyped_;
};

} // namespace mapscope::plugin
