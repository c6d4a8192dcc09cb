// SPDX-License-Identifier: Apache-2.0
// Bytes of a BTF type into value events.
//
// A Decoder is compiled once per type (names, offsets and widths resolved, enumerators sorted) and then runs
// over any number of values without looking at BTF again. Refuses: to trust a size, and to follow a pointer
// by itself: with a Behind it asks there about special fields, without one they are like any others. Depth is
// capped (members, elements and hops together), and so are array elements and the values shown per call; a
// value of many bytes (raw bytes, a CPU mask) counts as one per 64 of them. What a cap leaves out is said in
// its place, and whether it was more than zeros in what decode() returns. Thread rule: immutable after
// compile(); decode() may run on any thread at once.
#pragma once

#include "host/btf/behind.hpp"
#include "host/btf/types.hpp"
#include "host/btf/value_visitor.hpp"

#include <functional>

namespace mapscope::btf {

struct Limits {
  static constexpr std::uint32_t deepest = 32; ///< that `depth` may be
  std::uint32_t depth = deepest;               ///< nesting, the outermost value is 0
  std::uint32_t elements = 4096;               ///< shown per array
  std::uint64_t nodes = 1'000'000;             ///< values shown per decode() call
  std::uint32_t cpus = 0;                      ///< bits of a CPU mask that count; 0 = all
};

class Decoder {
public:
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  /// Never fails: a type that cannot be shown compiles to `unsupported` with the reason.
  /// `behind`, if any, must outlive the decoder.
  static std::shared_ptr<const Decoder> compile(std::shared_ptr<const Types> types, TypeId type,
                                                const Limits& limits, Behind* behind = nullptr);
  /// Of a kernel object no more than tells which one it is: its numbers, enums and short texts, the first 16;
  /// of a task pid, tgid and comm; of a CPU mask its CPUs.
  static std::shared_ptr<const Decoder> compile_summary(std::shared_ptr<const Types> types, TypeId type,
                                                        const Limits& limits);
  /// For values without a type: `bytes`.
  static std::shared_ptr<const Decoder> raw_bytes();
  /// For the addresses of kernel objects: 8 bytes, without a type to follow them by.
  static std::shared_ptr<const Decoder> kernel_pointer();
  /// For maps named *.rodata.str1.1.
  static std::shared_ptr<const Decoder> printable_text();
  virtual ~Decoder() = default;

  /// What of it is not shown.
  virtual Cuts decode(std::span<const std::byte> bytes, ValueVisitor& visitor) const = 0;
  /// Inside another value: within what is left of its budget and depth.
  virtual void decode(std::span<const std::byte> bytes, ValueVisitor& visitor, Progress& progress) const = 0;
  /// Whether there are unsigned numbers of 64 bits in it.
  [[nodiscard]] virtual bool has_numbers() const { return false; }
  using TakeNumber = std::function<void(const Number&)>;
  /// Those of one value that decode() would ask a Behind about; not what lies behind its pointers.
  virtual void numbers(std::span<const std::byte> /*bytes*/, const TakeNumber& /*take*/) const {}
  /// Whether any thread may decode this value, now or later, as long as the decoder is there: what reads
  /// anything but the bytes may not, and is not asked again.
  [[nodiscard]] virtual bool asks_nothing(std::span<const std::byte> /*bytes*/) const { return false; }
  /// How the type is spelled in C; "" for raw bytes.
  [[nodiscard]] virtual std::string_view type_name() const = 0;
};

} // namespace mapscope::btf
