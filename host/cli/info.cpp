// SPDX-License-Identifier: Apache-2.0
#include "host/cli/message.hpp"
#include "host/cli/print.hpp"
#include "host/cli/session.hpp"
#include "host/report/text_value.hpp"

#include <fmt/format.h>
#include <vector>

namespace mapscope::cli {

namespace {

struct Fact {
  const char* key;  ///< JSON
  const char* name; ///< text
  std::string text;
  std::optional<std::uint64_t> number; ///< JSON gets this instead of the text
};

std::vector<Fact> facts_of(const Session& session) {
  const auto& target = *session.target;
  std::uint64_t described = 0, present = 0;
  for (const auto& segment : session.source->segments())
    described += segment.size, present += segment.present;
  const auto number = [](const char* key, const char* name, std::uint64_t value) {
    return Fact{key, name, std::to_string(value), value};
  };
  return {{"format", "format", std::string(session.source->format()), {}},
          {"arch", "architecture", std::string(target.arch()), {}},
          {"release", "kernel release", std::string(target.release()), {}},
          number("memory_bytes", "memory, bytes", described),
          number("present_bytes", "of these in the file", present),
          number("page_size", "page size", target.page_size()),
          number("page_table_levels", "page-table levels", target.page_table_levels()),
          {"kaslr_offset", "KASLR slide", fmt::format("{:#x}", target.kaslr_offset()), target.kaslr_offset()},
          number("cpus", "possible CPUs", target.per_cpu().possible().size()),
          {"vmcoreinfo_from", "VMCOREINFO from", target.origins().vmcoreinfo, {}},
          {"symbols_from", "symbols from", target.origins().symbols, {}},
          number("symbols", "symbols", target.symbols().size()),
          {"btf_from", "BTF from", target.origins().btf, {}},
          number("btf_types", "BTF types", session.kernel->count() - 1),
          number("maps", "maps", session.catalog.maps.size()),
          number("programs", "programs", session.catalog.programs.size()),
          number("btf_objects", "BTF objects", session.catalog.btfs.size())};
}

} // namespace

int info(const SourceOptions& options, bool json) {
  const auto session = Session::open(options);
  if (!session) return complain(session.error());
  StdoutStream stream;
  const auto facts = facts_of(*session);
  if (!json) {
    for (const Fact& fact : facts)
      stream.append(fmt::format("{:<22} {}\n", fact.name, report::printable(fact.text)));
    return stream.finish();
  }
  report::JsonText out(stream, false, false);
  out.begin_object();
  for (const Fact& fact : facts) {
    out.key(fact.key);
    if (fact.number)
      out.number(*fact.number);
    else
      out.string(fact.text);
  }
  out.end_object();
  out.raw('\n');
  out.flush();
  return stream.finish();
}

} // namespace mapscope::cli
