// SPDX-License-Identifier: Apache-2.0
// The special fields of a map's values, read where they lead: locks, timers, workqueues, task work, lists,
// red-black trees, kernel pointers (include/linux/bpf.h, enum btf_field_type).
//
// Refuses: to follow a pointer into a value that is being shown already, more than `most_nodes` nodes of one
// list or tree, and anything that the snapshot does not hold; each says so in its place. Thread rule: one
// render, one thread.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/report/casts.hpp"
#include "host/report/code_pointers.hpp"
#include "host/report/kernel_clock.hpp"
#include "host/report/pointers.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace mapscope::target {
class Target;
} // namespace mapscope::target

namespace mapscope::catalog {
class CodeSymbols;
} // namespace mapscope::catalog

namespace mapscope::report {

class SpecialFields final : public btf::Behind {
public:
  /// All of them borrowed; `symbols` may be null.
  SpecialFields(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
                std::shared_ptr<const btf::Types> own, const catalog::CodeSymbols* symbols,
                const btf::Limits& limits, const Following& following = {});

  [[nodiscard]] bool follows(const btf::Types& types, btf::TypeId target) const override {
    return pointers_.follows(types, target);
  }
  void state(const btf::SpecialField& field, std::span<const std::byte> bytes, const btf::Types& types,
             btf::Progress& progress, btf::ValueVisitor& out) override;
  void pointer(const btf::SpecialField& field, std::uint64_t value, const btf::Types& types,
               btf::Progress& progress, btf::ValueVisitor& out) override;
  bool number(const btf::Number& number, btf::Progress& progress, btf::ValueVisitor& out) override {
    return casts_.show(number, progress, out);
  }
  [[nodiscard]] bool is_number(std::uint64_t value) const override { return casts_.is_number(value); }
  /// Of values that come: what their numbers have in common is known before the first is shown.
  void look_at(const btf::Decoder& decoder, std::span<const std::byte> bytes) {
    decoder.numbers(bytes, [this](const btf::Number& number) { casts_.look_at(number); });
  }
  /// Something of what was shown is missing, because the snapshot does not hold it.
  [[nodiscard]] bool lacks_memory() const {
    return lacks_memory_ || pointers_.lacks_memory() || code_.lacks_memory();
  }
  /// Pointers that carry no tag of the kernel's.
  [[nodiscard]] Pointers& pointers() { return pointers_; }
  [[nodiscard]] const Pointers& pointers() const { return pointers_; }

private:
  static constexpr std::size_t most_nodes = 1U << 16;

  /// How to show what lies at an address.
  struct Pointee {
    std::shared_ptr<const btf::Decoder> decoder; ///< null: it is not known what lies there
    std::uint64_t size = 0;                      ///< bytes
    std::string problem;                         ///< why it is not known
  };
  const Pointee& pointee(const btf::SpecialField& field, const btf::Types& types);
  Pointee find_pointee(const btf::SpecialField& field, const btf::Types& types);
  Pointee pointee_of(const std::shared_ptr<const btf::Types>& types, btf::TypeId type);
  Pointee kernel_pointee(btf::TypeId type);

  [[nodiscard]] bool is_open(std::uint64_t address) const { return std::ranges::count(open_, address) != 0; }
  /// Shows the object as one value; false when it could not be read or is being shown already.
  bool object(const Pointee& pointee, std::uint64_t address, btf::Progress& progress, btf::ValueVisitor& out);
  void follow(const Pointee& pointee, std::uint64_t address, btf::Progress& progress, btf::ValueVisitor& out);
  void per_cpu(const Pointee& pointee, std::uint64_t slot, btf::Progress& progress, btf::ValueVisitor& out);

  // special_async.cpp
  void timer(std::span<const std::byte> bytes, btf::ValueVisitor& out);
  void workqueue(std::span<const std::byte> bytes, btf::ValueVisitor& out);
  void task_work(std::span<const std::byte> bytes, btf::ValueVisitor& out);
  void callback(std::uint64_t function, btf::ValueVisitor& out);
  void expiry(std::uint64_t timer, btf::ValueVisitor& out);

  // special_graph.cpp
  void list(const btf::SpecialField& field, std::span<const std::byte> bytes, const btf::Types& types,
            btf::Progress& progress, btf::ValueVisitor& out);
  void tree(const btf::SpecialField& field, std::span<const std::byte> bytes, const btf::Types& types,
            btf::Progress& progress, btf::ValueVisitor& out);
  void nodes(const btf::SpecialField& field, std::span<const std::uint64_t> nodes, const std::string& problem,
             const btf::Types& types, btf::Progress& progress, btf::ValueVisitor& out);

  template <class T> std::optional<T> load(std::uint64_t address) {
    const auto value = reader_.get<T>(address);
    lacks_memory_ = lacks_memory_ || !value;
    return value;
  }
  std::optional<std::uint64_t> offset(const char* type, const char* member) const;

  const target::Target& target_;
  std::shared_ptr<const btf::Types> kernel_;
  const catalog::CodeSymbols* symbols_;
  btf::Limits limits_;
  target::Reader reader_;
  Pointers pointers_;
  CodePointers code_;
  Casts casts_;
  std::optional<KernelClock> clock_; ///< read when a timer asks for it
  std::map<std::tuple<btf::Special, const btf::Types*, btf::TypeId>, Pointee> pointees_;
  bool lacks_memory_ = false;
  std::vector<std::uint64_t> open_; ///< addresses of the objects that are being shown
};

} // namespace mapscope::report
