// SPDX-License-Identifier: Apache-2.0
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/print.hpp"
#include "host/pipeline/opened.hpp"
#include "host/pipeline/report_facts.hpp"
#include "host/report/duration.hpp"
#include "host/report/text_value.hpp"
#include "host/target/architectures.hpp"
#include "host/target/without_vmcoreinfo.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <span>
#include <vector>

namespace mapscope::cli {

namespace {

using Layout = report::JsonText::Layout;

struct Fact {
  const char* key;  ///< JSON
  const char* name; ///< text
  std::string text;
  std::optional<std::uint64_t> number; ///< JSON gets this instead of the text
};

std::string what_memory_says(const target::Checked& checked) {
  return checked.confirmed() ? "agrees: the kernel's release and page tables are where it says" : checked.why;
}

std::string what_vmcoreinfo_says(const catalog::Agreement& agreement) {
  if (agreement.compared == 0) return "has nothing to compare";
  if (agreement.contradicted == 0) return fmt::format("agrees in {} sizes and offsets", agreement.compared);
  return fmt::format("contradicts in {} of {}: {}", agreement.contradicted, agreement.compared,
                     agreement.first);
}

/// Of an id table. JSON has the number, and what is missing among the gaps.
Fact of_table(const char* key, const char* name, std::uint64_t number, bool is_torn) {
  return {key, name,
          fmt::format("{}{}", number, is_torn ? ", and part of their table could not be read" : ""), number};
}

Fact number(const char* key, const char* name, std::uint64_t value) {
  return {key, name, std::to_string(value), value};
}

/// What the file says of itself, whatever is in its memory.
std::vector<Fact> facts_of(const memory::Source& source) {
  std::uint64_t described = 0, present = 0;
  for (const auto& segment : source.segments()) described += segment.size, present += segment.present;
  std::vector<Fact> facts = {{"format", "format", std::string(source.format()), {}},
                             number("memory_bytes", "memory, bytes", described)};
  if (!source.via().empty()) facts.push_back({"via", "read by", std::string(source.via()), {}});
  if (!source.why_dumped().empty())
    facts.push_back({"why_dumped", "not read in place", source.why_dumped(), {}});
  if (source.is_running()) return facts;
  if (const auto ms = source.stopped_ms())
    facts.push_back({"stopped_ms", "stood still, ms", fmt::format("{:.1f}", *ms), std::llround(*ms)});
  if (source.format() == "guest") return facts; // no file that could lack anything
  facts.push_back(number("present_bytes", "of these in the file", present));
  facts.push_back(number("excluded_bytes", "left out by the dump", source.left_out_bytes()));
  return facts;
}

/// Whose kernel it was, how long it ran, and what it died of.
void add_machine(const pipeline::Session& session, std::vector<Fact>& facts) {
  report::Meta meta;
  pipeline::tell_of_machine(session, meta);
  if (!meta.host_name.empty()) facts.push_back({"host_name", "host name", meta.host_name, {}});
  if (meta.uptime_ns)
    facts.push_back({"uptime_ns", "up", report::duration_text(*meta.uptime_ns), meta.uptime_ns});
  if (!meta.time.empty()) facts.push_back({"time", "time by its clock", meta.time, {}});
  if (!meta.panic) return;
  const catalog::Panic& panic = *meta.panic;
  facts.push_back({"panic", "panic", panic.text.empty() ? "the log has lost why" : panic.text, {}});
  facts.push_back(number("panic_cpu", "  on CPU", panic.cpu));
  if (!panic.comm.empty()) facts.push_back({"panic_comm", "  in task", panic.comm, {}});
  if (panic.pid && *panic.pid >= 0)
    facts.push_back(number("panic_pid", "  process id", static_cast<std::uint64_t>(*panic.pid)));
}

std::vector<Fact> facts_of(const pipeline::Session& session) {
  const auto& target = *session.target;
  const auto& catalog = session.catalog;
  auto facts = facts_of(*session.source);
  // Of the kernel first what tells it from others.
  const std::vector<Fact> kernel = {
      {"arch", "architecture", std::string(target.arch()), {}},
      {"release", "kernel release", std::string(target.release()), {}},
      {"build_id", "build id", std::string(target.vmcoreinfo().build_id()), {}}};
  facts.insert(facts.begin() + 1, kernel.begin(), kernel.end());
  add_machine(session, facts);
  const std::vector<Fact> more = {
      number("page_size", "page size", target.page_size()),
      number("page_table_levels", "page-table levels", target.page_table_levels()),
      {"kaslr_offset", "KASLR slide", fmt::format("{:#x}", target.kaslr_offset()), target.kaslr_offset()},
      number("cpus", "possible CPUs", target.per_cpu().possible().size()),
      {"vmcoreinfo_from", "VMCOREINFO from", target.origins().vmcoreinfo, {}},
      {"vmcoreinfo_checked", "  and the memory", what_memory_says(target.witness().checked), {}},
      {"symbols_from", "symbols from", target.origins().symbols, {}},
      number("symbols", "symbols", target.symbols().size()),
      {"btf_from", "BTF from", target.origins().btf, {}},
      {"btf_checked", "  and VMCOREINFO", what_vmcoreinfo_says(session.agreement), {}},
      number("btf_types", "BTF types", session.kernel->count() - 1),
      of_table("maps", "maps", catalog.maps.size(), catalog.lacks_maps),
      of_table("programs", "programs", catalog.programs.size(), catalog.lacks_programs),
      of_table("btf_objects", "BTF objects", catalog.btfs.size(), catalog.lacks_btfs)};
  facts.insert(facts.end(), more.begin(), more.end());
  return facts;
}

/// Of this machine where no memory is read.
std::vector<Fact> facts_of(const lookup::Listing& listing) {
  const auto& catalog = listing.catalog;
  std::vector<Fact> facts = {{"format", "format", "live", {}},
                             {"arch", "architecture", listing.arch, {}},
                             {"release", "kernel release", listing.release, {}},
                             {"via", "read by", "bpf", {}},
                             number("page_size", "page size", listing.page_size),
                             number("cpus", "possible CPUs", listing.cpus.possible.size())};
  if (listing.kernel) {
    facts.push_back({"btf_from", "BTF from", "/sys/kernel/btf/vmlinux", {}});
    facts.push_back(number("btf_types", "BTF types", listing.kernel->count() - 1));
  }
  facts.push_back(number("maps", "maps", catalog.maps.size()));
  facts.push_back(number("programs", "programs", catalog.programs.size()));
  facts.push_back(number("btf_objects", "BTF objects", catalog.btfs.size()));
  return facts;
}

/// The note's, else one that the memory confirms, else one that it cannot.
std::optional<target::FoundVmcoreinfo> any_vmcoreinfo(const memory::Source& source) {
  if (auto note = target::note_of(source)) return note;
  if (auto kernels = target::kernels_in(source, std::nullopt); !kernels.empty())
    return std::move(kernels.front());
  if (auto copies = target::copies_in_memory(source); !copies.empty()) return std::move(copies.front());
  return std::nullopt;
}

/// Of a source whose kernel cannot be read: what a VMCOREINFO says of it.
std::vector<Fact> facts_without_kernel(const memory::Source& source) {
  auto facts = facts_of(source);
  const auto found = any_vmcoreinfo(source);
  if (!found) return facts;
  const std::vector<Fact> kernel = {{"arch", "architecture", std::string(target::arch_of(found->info)), {}},
                                    {"release", "kernel release", std::string(found->info.release()), {}},
                                    {"build_id", "build id", std::string(found->info.build_id()), {}}};
  facts.insert(facts.begin() + 1, kernel.begin(), kernel.end());
  facts.push_back({"vmcoreinfo_from", "VMCOREINFO from", found->from, {}});
  facts.push_back({"vmcoreinfo_checked", "  and the memory", what_memory_says(found->checked), {}});
  return facts;
}

/// What the format has to say stands beside its name.
void list_as_text(std::span<const Fact> facts, std::span<const memory::Detail> details,
                  report::Stream& stream) {
  const auto line = [&](std::string_view name, const std::string& text) {
    stream.append(fmt::format("{:<22} {}\n", name, report::printable(text)));
  };
  for (const Fact& fact : facts) {
    line(fact.name, fact.text);
    if (std::string_view(fact.key) != "format") continue;
    for (const auto& detail : details) line("  " + detail.name, detail.value);
  }
}

void list_as_json(std::span<const memory::Detail> details, report::JsonText& out) {
  out.key("details");
  out.begin_object(Layout::lines);
  for (const auto& detail : details) out.key(detail.name), out.string(detail.value);
  out.end_object();
}

bool is_shown(const target::FoundVmcoreinfo& kernel, const target::Target& target) {
  return kernel.checked.identity == target.witness().checked.identity;
}

/// As far as the kernel that is shown knows.
bool is_crash_kernel(const target::FoundVmcoreinfo& kernel, const pipeline::Session& session) {
  if (is_shown(kernel, *session.target)) return session.target->is_crash_kernel();
  return std::ranges::any_of(session.crash_kernels, [&](const target::FoundVmcoreinfo& other) {
    return other.checked.identity == kernel.checked.identity;
  });
}

void list_as_text(std::span<const target::FoundVmcoreinfo> kernels, const pipeline::Session& session,
                  report::Stream& stream) {
  for (std::size_t i = 0; i < kernels.size(); ++i)
    stream.append(fmt::format("{:<22} {}{}{}\n", fmt::format("--kernel {}", i + 1),
                              report::printable(kernels[i].described()),
                              is_crash_kernel(kernels[i], session) ? ", a crash kernel" : "",
                              is_shown(kernels[i], *session.target) ? ", shown here" : ""));
}

void list_as_json(std::span<const target::FoundVmcoreinfo> kernels, const pipeline::Session& session,
                  report::JsonText& out) {
  out.key("kernels");
  out.begin_array(Layout::lines);
  for (const auto& kernel : kernels) {
    out.begin_object();
    out.key("release"), out.string(kernel.info.release());
    out.key("build_id"), out.string(kernel.info.build_id());
    out.key("vmcoreinfo_from"), out.string(kernel.from);
    if (kernel.from == "memory") out.key("vmcoreinfo_at"), out.number(kernel.address);
    out.key("crash_kernel"), out.boolean(is_crash_kernel(kernel, session));
    out.key("shown"), out.boolean(is_shown(kernel, *session.target));
    out.end_object();
  }
  out.end_array();
}

void list_gaps_as_json(std::span<const catalog::Gap> gaps, report::JsonText& out) {
  if (gaps.empty()) return;
  out.key("gaps");
  out.begin_array(Layout::lines);
  for (const auto& gap : gaps) out.string(gap.text);
  out.end_array();
}

void list_as_json(std::span<const Fact> facts, report::JsonText& out) {
  for (const Fact& fact : facts) {
    out.key(fact.key);
    if (fact.number)
      out.number(*fact.number);
    else
      out.string(fact.text);
  }
}

/// What can be said of a file all the same. The reason comes last, where the eye is.
int info_without_kernel(const SourceOptions& options, const config::Config& config, JsonForm json,
                        const Error& error) {
  const auto source = error.code == Errc::usage || error.code == Errc::refused
                          ? fail(Errc::usage, "")
                          : memory::open_source(options.sources, pipeline::opening_of(options, config));
  if (!source) return complain(error);
  StdoutStream stream;
  const auto facts = facts_without_kernel(**source);
  if (json != JsonForm::none) {
    report::JsonText out(stream, json == JsonForm::pretty, false);
    out.begin_object(Layout::lines);
    list_as_json(facts, out), list_as_json((*source)->details(), out);
    out.key("error"), out.string(error.text);
    out.end_object();
    out.raw('\n');
    out.flush();
  } else {
    list_as_text(facts, (*source)->details(), stream);
  }
  const int written = stream.finish();
  return written == exit_ok ? complain(error) : written;
}

/// A pass over all of the memory, which no other command makes where the note holds. One kernel runs.
std::vector<target::FoundVmcoreinfo> kernels_of(const pipeline::Session& session) {
  auto note = target::note_of(*session.source);
  if (!session.source->is_running()) return target::kernels_in(*session.source, std::move(note));
  std::vector<target::FoundVmcoreinfo> running;
  if (note) running.push_back(std::move(*note));
  return running;
}

int info_of_lookups(const lookup::Listing& listing, JsonForm json) {
  StdoutStream stream;
  const auto facts = facts_of(listing);
  if (json == JsonForm::none) {
    list_as_text(facts, {}, stream);
    return stream.finish();
  }
  report::JsonText out(stream, json == JsonForm::pretty, false);
  out.begin_object(Layout::lines);
  list_as_json(facts, out);
  out.end_object();
  out.raw('\n');
  out.flush();
  return stream.finish();
}

} // namespace

int info(const SourceOptions& options, JsonForm json) {
  const auto loaded = config::load(options.configs, options.sets);
  if (!loaded) return complain(loaded.error());
  auto source = pipeline::Opened::open(options, loaded->config);
  if (!source) return info_without_kernel(options, loaded->config, json, source.error());
  if (source->lookups() != nullptr) return info_of_lookups(source->lookups()->listing, json);
  source->let_go();
  const pipeline::Session* const session = source->session();
  session->tell_gaps();
  StdoutStream stream;
  const auto facts = facts_of(*session);
  const auto details = session->source->details();
  const auto kernels = kernels_of(*session);
  if (json == JsonForm::none) {
    list_as_text(facts, details, stream);
    if (kernels.size() > 1) list_as_text(kernels, *session, stream);
    return stream.finish();
  }
  report::JsonText out(stream, json == JsonForm::pretty, false);
  out.begin_object(Layout::lines);
  list_as_json(facts, out), list_as_json(details, out);
  list_as_json(kernels, *session, out);
  list_gaps_as_json(session->catalog.gaps, out);
  out.end_object();
  out.raw('\n');
  out.flush();
  return stream.finish();
}

} // namespace mapscope::cli
