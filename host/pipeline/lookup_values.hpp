// SPDX-License-Identifier: Apache-2.0
// What keys and values are decoded as that bpf(2) has handed out: as the map declares, with a word in place
// of each lock, timer, list and kernel pointer, which it does not hand out.
//
// Thread rule: one map, one thread.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/catalog/catalog.hpp"
#include "host/report/writer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mapscope::pipeline {

/// Fields that the kernel keeps back (check_and_init_map_value(), kernel/bpf).
class BlankedFields final : public btf::Behind {
public:
  [[nodiscard]] bool follows(const btf::Types&, btf::TypeId) const override { return false; }
  void state(const btf::SpecialField& field, std::span<const std::byte> bytes, const btf::Types& types,
             btf::Progress& progress, btf::ValueVisitor& out) override;
  void pointer(const btf::SpecialField& field, std::uint64_t value, const btf::Types& types,
               btf::Progress& progress, btf::ValueVisitor& out) override;
  [[nodiscard]] bool any() const { return any_; }

private:
  bool any_ = false;
};

class LookupValues {
public:
  LookupValues(const catalog::Map& map, const btf::Types* kernel, const btf::Limits& limits);

  [[nodiscard]] report::Typed key(std::span<const std::byte> bytes) const { return {key_.get(), bytes}; }
  [[nodiscard]] report::Typed value(std::span<const std::byte> bytes) const { return {value_.get(), bytes}; }
  [[nodiscard]] bool has_key_type() const { return key_ != nullptr; }
  /// In place of what is declared; nothing where `types` lacks it.
  void take_key_type(const std::shared_ptr<const btf::Types>& types, btf::TypeId type);
  void take_value_type(const std::shared_ptr<const btf::Types>& types, btf::TypeId type);
  void take_owner_key();
  [[nodiscard]] std::shared_ptr<const btf::Decoder> decoder(std::shared_ptr<const btf::Types> types,
                                                            btf::TypeId type) const;

  /// The value without the heads of lists in it. The kernel sets them up in the copy that it hands out, each
  /// to point at itself: at other memory of the kernel with each call (bpf_obj_init(), include/linux/bpf.h).
  std::span<const std::byte> without_list_heads(std::span<const std::byte> value);

  /// Something of what was shown was kept back.
  [[nodiscard]] bool has_blanks() const { return blanked_.any(); }
  [[nodiscard]] const std::vector<std::string>& remarks() const { return remarks_; }

private:
  std::shared_ptr<const btf::Decoder> declared(const catalog::Map& map, bool is_key,
                                               const btf::Types* kernel);

  btf::Limits limits_;
  BlankedFields blanked_;
  std::vector<std::string> remarks_;
  std::vector<std::size_t> list_heads_; ///< offsets in a value
  std::vector<std::byte> cleared_;
  std::shared_ptr<const btf::Decoder> key_, value_;
};

} // namespace mapscope::pipeline
