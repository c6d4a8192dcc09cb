// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/code_symbols.hpp"

#include "host/target/target.hpp"

#include "host/catalog/layout.hpp"

#include <algorithm>

namespace mapscope::catalog {

namespace {
constexpr std::size_t most_ranges = 1U << 18; ///< a list that has more runs in a circle
constexpr std::size_t name_size = 512;        ///< KSYM_NAME_LEN
} // namespace

CodeSymbols::CodeSymbols(const target::Target& target, const btf::Types& kernel,
                         const std::vector<Program>& programs)
    : target_(target), modules_(target, kernel) {
  list_ranges(target, kernel);
  std::ranges::stable_sort(ranges_, {}, &Range::start);
  for (const Program& program : programs) {
    const auto own = std::ranges::lower_bound(ranges_, program.code_start, {}, &Range::start);
    if (program.code_start != 0 && own != ranges_.end() && own->start == program.code_start)
      own->program = program.id;
  }
}

/// The list bpf_kallsyms (kernel/bpf/core.c); without it programs have no names here.
void CodeSymbols::list_ranges(const target::Target& target, const btf::Types& kernel) {
  const auto head = target.symbols().find("bpf_kallsyms");
  Layout ksym(kernel, "struct bpf_ksym"); // 5.7
  const std::uint64_t start = ksym.need("start"), end = ksym.need("end"), name = ksym.need("name"),
                      node = ksym.need("lnode");
  if (!head || ksym.error()) return;
  auto reader = target.reader();
  auto next = reader.get<std::uint64_t>(*head);
  while (next && *next != *head && *next != 0 && ranges_.size() < most_ranges) {
    const std::uint64_t at = *next - node;
    const auto first = reader.get<std::uint64_t>(at + start), last = reader.get<std::uint64_t>(at + end);
    if (first && last && *first < *last)
      ranges_.push_back({*first, *last, reader.text(at + name, name_size), 0});
    if (!first || !last) is_complete_ = false;
    next = reader.get<std::uint64_t>(*next);
  }
  if (!next) is_complete_ = false;
}

std::optional<CodeSymbol> CodeSymbols::at(std::uint64_t address) const {
  address = target_.space().translator->code_address(address);
  const auto after = std::ranges::upper_bound(ranges_, address, {}, &Range::start);
  if (after != ranges_.begin())
    if (const Range& range = *std::prev(after); address < range.end)
      return CodeSymbol{range.name, "", range.program, address - range.start};
  if (auto found = modules_.at(address))
    return CodeSymbol{std::move(found->name), std::move(found->module), 0, found->offset};
  const auto found = target_.symbols().at(address);
  if (!found) return std::nullopt;
  return CodeSymbol{found->name, "", 0, found->offset};
}

/// The kernel's own symbols were all read, or the target could not have been opened.
bool CodeSymbols::may_lack(std::uint64_t address) const {
  address = target_.space().translator->code_address(address);
  return target_.space().translator->is_kernels(address) && (!is_complete_ || modules_.may_lack(address));
}

} // namespace mapscope::catalog
