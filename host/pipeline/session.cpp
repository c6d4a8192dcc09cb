// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/session.hpp"

#include "host/base/clause.hpp"
#include "host/btf/legible.hpp"
#include "host/catalog/arena_globals.hpp"
#include "host/catalog/data_symbols.hpp"
#include "host/catalog/flow/number_evidence.hpp"
#include "host/catalog/ram_layout.hpp"
#include "host/memory/live/peek.hpp"
#include "host/memory/raw_image.hpp"
#include "host/pipeline/source_errors.hpp"
#include "host/target/kernel_place.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <spdlog/spdlog.h>
#include <thread>

namespace mapscope::pipeline {

namespace {

constexpr std::string_view give_others = "give the kernel's BTF with --btf or --vmlinux";

/// Errors name the file that was given, or say what to give where the memory's own is damaged.
Result<std::shared_ptr<const btf::Types>> kernel_types(const target::Target& target) {
  const std::string& origin = target.origins().btf;
  auto types = btf::Types::parse(target.btf(), "vmlinux");
  if (types) return types;
  if (origin != "memory") return about(origin, std::move(types.error()));
  types.error().text = with_clause(types.error().text, give_others);
  return types;
}

/// Of types that are damaged further on, and what to give instead.
std::string what_is_lost(const target::Target& target, const btf::Types& kernel) {
  std::string lost = btf::lost_rest(kernel);
  if (!lost.empty() && target.origins().btf == "memory") return with_clause(lost, give_others);
  return lost;
}

/// At once: what comes next may fail.
void warn(Session& session, std::string text) {
  spdlog::warn("{}", text);
  session.warnings.push_back(std::move(text));
}

/// VMCOREINFO and the types are two witnesses. Types that were given and do not agree are of another kernel.
Result<void> check_types(Session& session, const target::Overrides& overrides) {
  const target::Target& target = *session.target;
  session.agreement = catalog::compare(target.vmcoreinfo(), *session.kernel);
  if (session.agreement.contradicted == 0) return {};
  const std::string found = fmt::format("{} of {} numbers differ, first: {}", session.agreement.contradicted,
                                        session.agreement.compared, session.agreement.first);
  const std::string& origin = target.origins().btf;
  if (origin != "memory" && !overrides.force)
    return fail(Errc::usage,
                fmt::format("{}: types of another kernel: {}; --force takes it all the same", origin, found));
  warn(session, fmt::format("the types (from {}) do not agree with VMCOREINFO: {}", origin, found));
  return {};
}

/// Where the kernel's symbols name none of its data, that is looked for.
void look_for_data(target::Target& target, const btf::Types& kernel) {
  if (!catalog::tells_of_code_alone(target.symbols())) return;
  auto found = catalog::find_data_symbols(target, kernel);
  target.learn(std::move(found.addresses), std::move(found.per_cpu), std::move(found.warning));
}

/// Source, kernel and its types. Errors name the source.
Result<void> open_kernel(Session& session, const SourceInput& input) {
  auto target = target::Target::open(*session.source, input.overrides);
  if (!target) return about(*session.source, input, std::move(target.error()));
  session.target = std::move(*target);
  auto kernel = kernel_types(*session.target);
  if (!kernel) return about(*session.source, input, std::move(kernel.error()));
  session.kernel = std::move(*kernel);
  look_for_data(*session.target, *session.kernel);
  return {};
}

/// The source as the file has it; of a raw image, so that the kernel's own image is in its place.
Result<std::unique_ptr<memory::Source>> open_source(const SourceInput& input,
                                                    const memory::OpenOptions& opening) {
  auto source = memory::open_source(input.sources, opening);
  if (!source) return source;
  auto placed = target::place_kernel(std::move(*source), input.overrides);
  if (!placed) {
    placed.error().text = behind_layout(input, placed.error().text);
    return about(input.source(), std::move(placed.error()));
  }
  return placed;
}

/// A crash kernel knows of a part of the memory only: the one that crashed is asked then, if it can be.
catalog::FoundLayout layout_by_kernel(const Session& session) {
  if (session.target->is_crash_kernel())
    if (const auto crashed = target::Target::open(*session.source, {}); crashed)
      if (const auto types = kernel_types(**crashed)) return catalog::find_layout(**crashed, **types);
  return catalog::find_layout(*session.target, *session.kernel);
}

/// A raw image does not say where its bytes lie: the kernel in it does, whose image and types can be read
/// before.
Result<void> lay_out(Session& session, const SourceInput& input) {
  const memory::RawImage* const image = session.source->raw_image();
  if (image == nullptr) return {};
  const auto found = layout_by_kernel(session);
  if (found.layout.empty()) {
    const memory::Layout& now = image->layout(); // by the kernel's own place, unless it is flat
    if (now.size() == 1 && now.front().address == 0) warn(session, found.how);
    return {};
  }
  auto laid_out = image->laid_out(found.layout, found.how);
  session.target.reset(); // of the source that goes
  session.source = std::move(laid_out);
  spdlog::info("{}: laid out by {}", input.source(), found.how);
  return open_kernel(session, input);
}

/// Which of several is the right one cannot be seen, but for one that crashed and its crash kernel: where the
/// machine was reset, memory of the boot before stays.
void tell_of_other_kernels(Session& session) {
  session.crash_kernels = catalog::crash_kernels(*session.target, *session.kernel);
  for (const auto& kernel : session.crash_kernels)
    warn(session,
         fmt::format(
             "the memory also holds its crash kernel, {}; the kernel that crashed is shown, --kernel N takes "
             "another (mapscope info lists them)",
             kernel.described()));
  const auto kernels = session.target->kernels();
  if (kernels.size() > 1 + session.crash_kernels.size())
    warn(session, fmt::format("the memory holds {} kernels ({}); the first that is no crash kernel and whose "
                              "symbols and types can be read is shown, --kernel N takes another",
                              kernels.size(), target::listed(kernels)));
}

/// Of what was said and changes nothing: no finding about the source.
void tell_of_idle_options(const Session& session, const SourceInput& input) {
  const target::Overrides& given = input.overrides;
  if (given.force && given.vmlinux.empty() && given.btf.empty() && given.symbols.empty() &&
      given.vmcoreinfo.empty())
    spdlog::warn("--force changes nothing: no file is given that it could take");
  if (input.opening.zero_excluded && session.source->left_out_bytes() == 0)
    spdlog::warn("--zero-excluded changes nothing: {} leaves nothing out that is known", input.source());
}

void mark_live(Session& session) {
  if (!session.source->is_running()) return;
  // Also by /proc/kcore: the kernel may not have let go yet of what peeking took just before. In a guest it
  // is the guest's.
  if (session.source->via() != "shared") leave_out_own(session.catalog);
  for (catalog::Map& map : session.catalog.maps) map.is_live = true;
}

/// How a guest is read, and what that means.
void tell_of_guest(Session& session, const SourceInput& input) {
  const memory::Source& source = *session.source;
  if (!source.why_dumped().empty())
    spdlog::info("{}: not read in place, but saved by QEMU: {}", input.source(), source.why_dumped());
  if (source.is_running() && input.opening.running)
    warn(session, "the guest ran while it was read (--running): this is no picture of one moment, and what "
                  "does not fit together may have changed meanwhile");
}

/// With --zero-excluded.
void warn_of_zeros(Session& session) {
  const std::uint64_t bytes = session.source->left_out_bytes();
  if (bytes == 0) return;
  const bool is_more = session.source->leaves_out_more_than_zeros();
  warn(session,
       fmt::format(
           "{} bytes that the dump left out are taken for zeros (--zero-excluded): {}", bytes,
           is_more ? "by its level it left out more than zeros, so that much of what is shown as zero, or "
                     "as empty, is memory that is missing; leave the option away"
                   : "what is shown as zero may be memory that is missing, unless the dump was made at "
                     "level 1"));
}

} // namespace

memory::OpenOptions opening_of(const SourceInput& input, const config::Config& config) {
  auto opening = input.opening;
  opening.resident = config.memory.resident;
  opening.resident_forked = config.budget.memory / 2; // the rest is the plugin's
  opening.threads = std::max(opening.threads, std::thread::hardware_concurrency());
  return opening;
}

void leave_out_own(catalog::Catalog& catalog) {
  using memory::Peek;
  std::erase_if(catalog.maps, [](const catalog::Map& map) {
    return map.name == Peek::map_name && map.type == BPF_MAP_TYPE_ARRAY && map.value_size == Peek::map_size &&
           map.max_entries == 1 && map.flags == BPF_F_MMAPABLE;
  });
  std::erase_if(catalog.programs, [](const catalog::Program& program) {
    return program.name == Peek::program_name && program.type == BPF_PROG_TYPE_SYSCALL;
  });
}

void Session::tell_troubles() const {
  for (const auto& trouble : source->troubles()) spdlog::warn("{}", trouble);
}

Result<Session> Session::open(const SourceInput& input, const config::Config& config) {
  Session session;
  auto given = GivenTypes::read(input.types, config); // before a dump of many gigabytes is opened
  if (!given) return std::unexpected(std::move(given.error()));
  session.given = std::move(*given);
  auto source = open_source(input, opening_of(input, config));
  if (!source) return std::unexpected(source.error());
  session.source = std::move(*source);
  if (session.source->is_running() && input.overrides.kernel > 1)
    return fail(Errc::usage, fmt::format("{}: --kernel is for dumps; one kernel runs", input.source()));
  if (auto opened = open_kernel(session, input); !opened) return std::unexpected(std::move(opened.error()));
  if (auto laid_out = lay_out(session, input); !laid_out) return std::unexpected(std::move(laid_out.error()));
  tell_of_guest(session, input);
  for (const auto& warning : session.target->warnings()) warn(session, warning);
  if (input.opening.zero_excluded) warn_of_zeros(session);
  tell_of_idle_options(session, input);
  spdlog::info("{}: Linux {}", input.source(), session.target->release());
  if (auto checked = check_types(session, input.overrides); !checked)
    return std::unexpected(std::move(checked.error()));
  if (auto stood = session.given.stand_on(session.kernel); !stood)
    return std::unexpected(std::move(stood.error()));
  tell_of_other_kernels(session);
  for (const auto& remark : session.target->remarks()) spdlog::info("{}", remark);
  const auto& from = session.target->origins();
  spdlog::info("{}: VMCOREINFO from {}, symbols from {}, BTF from {}", input.source(), from.vmcoreinfo,
               from.symbols, from.btf);
  if (auto* const pause = session.source->pause(); pause != nullptr)
    if (auto held = pause->hold(); !held) return about(input.source(), std::move(held.error()));
  if (auto read = session.read_maps(input); !read) return std::unexpected(std::move(read.error()));
  return session;
}

Result<void> Session::look_again(const SourceInput& input) {
  source->begin_moment();
  return read_maps(input);
}

Result<void> Session::read_maps(const SourceInput& input) {
  const std::string lost = what_is_lost(*target, *kernel);
  auto read = catalog::read_catalog(*target, kernel);
  if (!read) read.error().text = with_clause(read.error().text, lost);
  if (!read) return about(*source, input, std::move(read.error()));
  families.reset(), symbols.reset(); // of the tables that go
  catalog = std::move(*read);
  given.apply(catalog.maps);
  mark_live(*this);
  if (!lost.empty()) catalog.gaps.push_back({lost});
  symbols = std::make_unique<catalog::CodeSymbols>(*target, *kernel, catalog.programs);
  auto arenas = catalog::find_arenas(*target, *kernel, catalog.maps);
  catalog::find_arena_globals(*target, *kernel, catalog, arenas);
  families = std::make_unique<catalog::Families>(std::move(arenas), catalog, kernel.get());
  families->take(std::make_shared<catalog::NumberEvidence>(*target, kernel, catalog, families->arenas()));
  return {};
}

void Session::let_go() {
  if (auto* const pause = source->pause(); pause != nullptr && !pause->let_go())
    warn(*this, "the guest was held too long and ran again before all was read: this is no picture of one "
                "moment");
}

void Session::tell_gaps() const {
  for (const auto& gap : catalog.gaps) spdlog::warn("{}", gap.text);
}

} // namespace mapscope::pipeline
