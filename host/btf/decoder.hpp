// SPDX-License-Identifier: Apache-2.0
// Bytes of a BTF type into value events.
//
// A Decoder is compiled once per type (names, offsets and widths resolved, enumerators sorted) and then runs
// over any number of values without looking at BTF again. Refuses: to follow pointers, to trust a size. Depth
// is capped (members, elements and hops together), and so are array elements and the values shown per call;
// a value of many bytes (raw bytes, a CPU mask) counts as one per 64 of them. What a cap leaves out is said
// in its place. Thread rule: immutable after compile(); decode() may run on any thread at once.
#pragma once

#include "host/btf/types.hpp"
#include "host/btf/value_visitor.hpp"

namespace mapscope::btf {

struct Limits {
  std::uint32_t depth = 32;        ///< nesting, the outermost value is 0
  std::uint32_t elements = 4096;   ///< shown per array
  std::uint64_t nodes = 1'000'000; ///< values shown per decode() call
  std::uint32_t cpus = 0;          ///< bits of a CPU mask that count; 0 = all
};

class Decoder {
public:
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  /// Never fails: a type that cannot be shown compiles to `unsupported` with the reason.
  static std::shared_ptr<const Decoder> compile(std::shared_ptr<const Types> types, TypeId type,
                                                const Limits& limits);
  /// For values without a type: `bytes`.
  static std::shared_ptr<const Decoder> raw_bytes();
  /// For maps named *.rodata.str1.1.
  static std::shared_ptr<const Decoder> printable_text();
  virtual ~Decoder() = default;

  virtual void decode(std::span<const std::byte> bytes, ValueVisitor& visitor) const = 0;
  /// How the type is spelled in C; "" for raw bytes.
  [[nodiscard]] virtual std::string_view type_name() const = 0;
};

} // namespace mapscope::btf
