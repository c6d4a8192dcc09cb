// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/spent_text.hpp"

#include <mapscope/plugin.h>

#include <fmt/format.h>

namespace mapscope::plugin {

std::string code_text(int rc) {
  switch (rc) {
  case MSC_EFAULT:
    return "MSC_EFAULT: memory that it reads cannot be read";
  case MSC_ENOENT:
    return "MSC_ENOENT: a type, member, key or CPU that it asks for is not there";
  case MSC_EINVAL:
    return "MSC_EINVAL: it misused a helper";
  case MSC_EFAIL:
    return "MSC_EFAIL: it cannot decode this";
  default:
    return fmt::format("it returned {}, which is no code of the interface", rc);
  }
}

std::string spent_text(const Budget& budget) {
  using Kind = Budget::Kind;
  const auto& limits = budget.limits();
  const auto& all = budget.all_limits();
  const auto key = [](bool of_report, std::string_view name) {
    return fmt::format("budget.{}{}", of_report ? "report_" : "", name);
  };
  switch (budget.spent()) {
  case Kind::time:
    return fmt::format("stopped after {} ms ({})", limits.ms, key(all.ms_of_report, "ms"));
  case Kind::entries:
    return fmt::format("stopped after {} entries ({})", limits.entries,
                       key(all.entries_of_report, "entries"));
  case Kind::read_bytes:
    return fmt::format("stopped after reading {} bytes ({})", limits.read_bytes,
                       key(all.read_of_report, "read_bytes"));
  case Kind::emit_bytes:
    return fmt::format("stopped after {} bytes of keys and values ({})", limits.emit_bytes,
                       key(all.emit_of_report, "bytes"));
  case Kind::nesting:
    return fmt::format("stopped at content nested deeper than {} (budget.nesting)", limits.nesting);
  case Kind::none:
    break;
  }
  return "";
}

} // namespace mapscope::plugin
