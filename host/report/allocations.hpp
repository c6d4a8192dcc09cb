// SPDX-License-Identifier: Apache-2.0
// The report's sdt_allocations: one allocator and its live slots, with the payload of each.
//
// Refuses: to follow pointers from one slot into another; each slot is listed once. Thread rule: an
// Allocation is plain and immutable once its plugin has run; write_allocation() may run on many threads.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/report/following.hpp"
#include "host/report/slots.hpp"
#include "host/report/writer.hpp"

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mapscope::target {
class Target;
} // namespace mapscope::target

namespace mapscope::catalog {
class CodeSymbols;
} // namespace mapscope::catalog

namespace mapscope::report {

/// Fields as a plugin gave them, to be written when it is their turn.
class RecordedFields final : public MapWriter {
public:
  void begin(const catalog::Map&) override {}
  void begin_allocator(std::string_view, const catalog::Map&) override {}
  void row(const Row&) override {}
  void field(const Field& field) override;
  void end(const Outcome&) override {}
  void replay(MapWriter& writer) const;
  [[nodiscard]] bool has(std::string_view name) const;

private:
  struct Recorded {
    Field field; ///< its views are into the members below
    std::string name, text;
    std::vector<std::byte> bytes;
  };
  std::list<Recorded> fields_;
};

struct Allocation {
  std::string name;                      ///< of the global variable
  const catalog::Map* section = nullptr; ///< that it lies in
  const SlotPool* pool = nullptr;        ///< null: nothing is known of its slots
  RecordedFields fields;
  Outcome outcome;
};

/// When it could not be shown in full for another reason than a limit, or when its payloads have no type.
std::optional<Finding> finding_of(const Allocation& allocation);

/// What all allocations of one report are shown with; all of it borrowed.
struct AllocationContext {
  const target::Target* target = nullptr;
  std::shared_ptr<const btf::Types> kernel;
  const catalog::CodeSymbols* symbols = nullptr;
  Following following; ///< its map is set to the allocation's section
  btf::Limits limits;
  std::uint64_t entries = 0; ///< slots listed; 0 = all
};

/// The whole, from begin_allocator() to end(). Returns the outcome with what came of the payloads.
Outcome write_allocation(const Allocation& allocation, const AllocationContext& context, MapWriter& writer);

} // namespace mapscope::report
