// SPDX-License-Identifier: Apache-2.0
#include "host/report/code_pointers.hpp"

#include "host/catalog/code_symbols.hpp"

#include <fmt/format.h>

namespace mapscope::report {

void CodePointers::show(std::uint64_t value, btf::ValueVisitor& out) {
  const auto symbol = value != 0 && symbols_ != nullptr ? symbols_->at(value) : std::nullopt;
  if (value != 0 && symbols_ != nullptr && !symbol) lacks_memory_ |= symbols_->may_lack(value);
  if (!symbol) return out.pointer(value);
  const std::string name =
      symbol->offset == 0 ? symbol->name : fmt::format("{}+{:#x}", symbol->name, symbol->offset);
  out.begin_pointer(value);
  out.fact("symbol", std::string_view(name));
  if (symbol->program != 0) out.fact("program", std::uint64_t{symbol->program});
  if (!symbol->module.empty()) out.fact("module", std::string_view(symbol->module));
  out.end_pointer();
}

void CodePointers::pointer(const btf::SpecialField& field, std::uint64_t value, const btf::Types& /*types*/,
                           btf::Progress& /*progress*/, btf::ValueVisitor& out) {
  if (field.kind == btf::Special::function) return show(value, out);
  out.pointer(value);
}

} // namespace mapscope::report
