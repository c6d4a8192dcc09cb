// SPDX-License-Identifier: Apache-2.0
// The payload behind a map's value: what the slot holds that one of its pointers leads to.
//
// The index of slots decides. A pointer that it does not explain is followed as schedulers name things: the
// allocator whose name, without "scx_" and "_allocator", occurs in the map's. Thread rule: belongs to the
// thread that renders.
#pragma once

#include "host/plugin/call/task.hpp"
#include "host/report/slots.hpp"
#include "host/report/writer.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mapscope::report {
class SpecialFields;
} // namespace mapscope::report

namespace mapscope::plugin {

class Memory;

/// Where in a map's value pointers lie, in bytes.
struct PayloadPointers {
  std::vector<std::uint64_t> all;        ///< of the value itself and its own members
  std::optional<std::uint64_t> sdt_data; ///< the first that is declared to lead to a struct sdt_data
};
PayloadPointers payload_pointers(const btf::Types& types, btf::TypeId value);
/// The allocator that goes with a map by their names: one alone goes with any; of several the one whose name
/// without "scx_" and "_allocator" occurs in the map's, the longest of such.
const report::SlotPool* pool_by_name(std::span<const report::SlotPool* const> pools, std::string_view map);

class Payloads {
public:
  Payloads(const Task& task, Memory& memory) : task_(task), memory_(memory) {}

  /// `value`: as many bytes as the map's values have. `special`: of the map's own types; null: it has none.
  std::optional<report::Typed> of(std::span<const std::byte> value, report::SpecialFields* special);
  /// Entries whose payload could not be shown, and why the first was not.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  [[nodiscard]] const std::string& why_lost() const { return why_lost_; }

private:
  const PayloadPointers& pointers();
  std::optional<report::Typed> by_name(std::span<const std::byte> value, report::SpecialFields& special);
  std::optional<report::Typed> at(const report::SlotPool& pool, std::uint64_t address,
                                  report::SpecialFields& special);
  std::optional<report::Typed> lose(const std::string& why);
  std::vector<const report::SlotPool*> related_pools(report::SpecialFields& special);

  const Task& task_;
  Memory& memory_;
  std::optional<PayloadPointers> pointers_;
  std::unordered_map<const report::SlotPool*, std::shared_ptr<const btf::Decoder>> decoders_;
  std::vector<std::byte> bytes_; ///< of the current row
  std::uint64_t lost_ = 0;
  std::string why_lost_;
};

} // namespace mapscope::plugin
