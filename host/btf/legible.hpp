// SPDX-License-Identifier: Apache-2.0
// A BTF object's bytes as libbpf can read them: a type that it would misread, or fail at, costs itself.
//
// Ids stay what they are: in the place of a type that cannot be read stands one without a size. Behind a type
// that does not say how long it is nothing can be found; the last id then stands for it and all that follow.
// Thread rule: pure functions.
#pragma once

#include "host/base/result.hpp"
#include "host/btf/types.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mapscope::btf {

/// A type of more elements than libbpf counts, for which a stand-in lies in the object.
struct WideRecord {
  std::uint32_t number;             ///< of the object's own types, the first being 0
  std::span<const std::byte> bytes; ///< struct btf_type and its elements
};

/// Its bytes, or others in their place. Errors: a header of no use, no type that can be read.
class Legible {
public:
  static Result<Legible> of(std::span<const std::byte> raw);
  [[nodiscard]] std::span<const std::byte> bytes() const { return rewritten_.empty() ? raw_ : rewritten_; }
  /// In order; they lie in the bytes that were given.
  [[nodiscard]] const std::vector<WideRecord>& wide() const { return wide_; }

private:
  explicit Legible(std::span<const std::byte> raw) : raw_(raw) {}
  std::span<const std::byte> raw_;
  std::vector<std::byte> rewritten_;
  std::vector<WideRecord> wide_;
};

/// Why a type could not be read, as what it is ("a type of kind 21, which ..."); "" for all others.
std::string lost_reason(const btf_type* type);
/// Whether it stands for all that would follow, too.
bool is_end_of_types(const btf_type* type);

/// What of the object is lost behind a type that could not be read, as a clause; "" when nothing is.
std::string lost_rest(const Types& types);

} // namespace mapscope::btf
