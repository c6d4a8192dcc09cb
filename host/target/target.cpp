// SPDX-License-Identifier: Apache-2.0
#include "host/target/target.hpp"

#include "host/target/given_files.hpp"

#include "host/target/architectures.hpp"
#include "host/target/find_vmcoreinfo.hpp"
#include "host/target/kernel_btf.hpp"
#include "host/target/kernel_symbols.hpp"
#include "host/target/without_vmcoreinfo.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

namespace mapscope::target {

struct Target::State {
  const memory::Source* source = nullptr;
  FoundVmcoreinfo found;
  std::unique_ptr<PageWalker> translator;
  AddressSpace space;
  std::unique_ptr<Symbols> symbols;
  PerCpu per_cpu;
  KernelBtf btf;
  Origins origins;
  bool is_crash_kernel = false;
  std::vector<FoundVmcoreinfo> kernels;
  std::vector<std::string> warnings, remarks;
};

namespace {

/// What a dump of BPF maps asks the kernel's symbols for: found in one pass.
constexpr std::array<std::string_view, 19> well_known = {"init_top_pgt",     "swapper_pg_dir",
                                                         "_stext",           "_end",
                                                         "panic_cpu",        "crashk_res",
                                                         "bpf_kallsyms",     "modules",
                                                         "map_idr",          "prog_idr",
                                                         "btf_idr",          "bpf_map_offload_ops",
                                                         "page_offset_base", "__cpu_possible_mask",
                                                         "__start_BTF",      "__stop_BTF",
                                                         "nr_cpu_ids",       "__per_cpu_offset",
                                                         "elfcorehdr_addr"};

/// What speaks against a file is an error, unless the user insists.
Result<void> settle_doubts(std::vector<std::string> doubts, bool force, std::vector<std::string>& warnings) {
  if (doubts.empty()) return {};
  if (!force) return fail(Errc::usage, doubts.front());
  for (std::string& doubt : doubts) {
    constexpr std::string_view how = "; --force";
    warnings.push_back(doubt.substr(0, doubt.rfind(how)) + "; taken because of --force");
  }
  return {};
}

/// Of one that was given, by what the dump itself has of the same kernel: its note, else a copy in the
/// memory, which is not looked for where the memory must be unpacked. "" where nothing speaks against it.
std::string build_doubt(const FoundVmcoreinfo& given, const memory::Source& source) {
  std::vector<FoundVmcoreinfo> own;
  if (auto note = note_of(source))
    own.push_back(std::move(*note));
  else if (!source.gains_from_threads())
    own = copies_in_memory(source);
  for (const FoundVmcoreinfo& one : own)
    if (one.checked.confirmed() && one.checked.identity == given.checked.identity &&
        !one.info.build_id().empty() && !given.info.build_id().empty())
      return one.info.build_id() == given.info.build_id()
                 ? ""
                 : fmt::format("{}: VMCOREINFO of another build: its build id is {}, the dump's own has {}; "
                               "--force takes it all the same",
                               given.from, given.info.build_id(), one.info.build_id());
  return "";
}

/// The one the user gave, else the file's note.
Result<std::optional<FoundVmcoreinfo>> named_vmcoreinfo(const memory::Source& source,
                                                        const Overrides& overrides,
                                                        std::vector<std::string>& warnings) {
  if (overrides.vmcoreinfo.empty()) return note_of(source);
  auto info = read_vmcoreinfo_file(overrides.vmcoreinfo);
  if (!info) return std::unexpected(std::move(info.error()));
  FoundVmcoreinfo given{std::move(*info), overrides.vmcoreinfo, 0, {}};
  if (given.info.release().empty())
    return fail(Errc::usage, overrides.vmcoreinfo + ": no VMCOREINFO (lines such as OSRELEASE=6.12.1)");
  given.checked = check(given.info, source);
  if (given.checked.verdict == Verdict::incomplete)
    return fail(Errc::usage,
                fmt::format("{}: VMCOREINFO that is not whole: {}; was it cut short? Give all of it",
                            overrides.vmcoreinfo, given.checked.why));
  if (given.checked.confirmed())
    if (std::string doubt = build_doubt(given, source); !doubt.empty())
      if (auto settled = settle_doubts({std::move(doubt)}, overrides.force, warnings); !settled)
        return std::unexpected(std::move(settled.error()));
  if (!given.checked.confirmed() && !overrides.force)
    return fail(Errc::usage,
                fmt::format("{}: VMCOREINFO of another kernel (Linux {}): {}; --force takes it all the "
                            "same",
                            overrides.vmcoreinfo, given.info.release(), given.checked.why));
  return given;
}

std::string place(const std::string& from, std::uint64_t address) {
  if (from == "memory") return fmt::format("memory at {:#x}", address);
  if (from == from_symbols) return "kernel's symbols";
  return from == "note" ? from : "file " + from;
}

/// The user's N-th.
Result<FoundVmcoreinfo> chosen(unsigned number, std::optional<FoundVmcoreinfo> note,
                               const memory::Source& source) {
  auto kernels = kernels_in(source, std::move(note));
  if (number > kernels.size())
    return fail(Errc::usage,
                fmt::format("--kernel {}: the dump holds {}{}", number,
                            kernels.size() == 1 ? "1 kernel" : fmt::format("{} kernels", kernels.size()),
                            kernels.empty() ? "" : " (" + listed(kernels) + ")"));
  return std::move(kernels[number - 1]);
}

} // namespace

/// One VMCOREINFO, followed to the end.
class Target::Opening {
public:
  Opening(const memory::Source& source, const Overrides& overrides, State& state)
      : source_(source), overrides_(overrides), state_(state) {}

  Result<void> follow() {
    const Vmcoreinfo& info = state_.found.info;
    state_.source = &source_;
    state_.origins.vmcoreinfo = state_.found.from;
    auto translator = make_translator(source_, info);
    if (!translator)
      return fail(Errc::not_found,
                  fmt::format("VMCOREINFO does not lead to the kernel's page tables: {}; is this a "
                              "kernel of x86-64 or arm64?",
                              translator.error().text));
    state_.translator = std::move(*translator);
    state_.space = {&source_, state_.translator.get()};
    auto given = read_given_files(overrides_, info);
    if (!given) return std::unexpected(std::move(given.error()));
    if (auto settled = settle_doubts(std::move(given->doubts), overrides_.force, state_.warnings); !settled)
      return settled;
    std::ranges::move(given->unchecked, std::back_inserter(state_.warnings));
    if (auto taken = take_symbols(*given); !taken) return taken;
    state_.translator->take_symbols(*state_.symbols);
    if (auto taken = take_btf(*given); !taken) return taken;
    read_cpus();
    state_.is_crash_kernel = is_crash_kernel();
    return {};
  }

private:
  Result<void> take_symbols(GivenFiles& given) {
    state_.origins.symbols = given.symbols ? given.symbols_from : "memory";
    if (given.symbols) {
      state_.symbols = std::move(given.symbols);
      return {};
    }
    auto symbols = kallsyms_of(state_.space, state_.found.info, well_known);
    if (!symbols) return std::unexpected(std::move(symbols.error()));
    state_.symbols = std::move(symbols->symbols);
    if (!symbols->remark.empty()) state_.remarks.push_back(std::move(symbols->remark));
    std::ranges::move(symbols->doubts, std::back_inserter(state_.warnings));
    return check_root();
  }

  /// A root that was moved may map the kernel's image, as the tables of every process do, and little else.
  /// x86-64 has swapper_pg_dir for another name of init_top_pgt (arch/x86/include/asm/pgtable_64.h).
  Result<void> check_root() const {
    const auto said = state_.found.info.symbol("swapper_pg_dir");
    auto own = state_.symbols->find("init_top_pgt");
    if (!own) own = state_.symbols->find("swapper_pg_dir");
    if (!said || !own || *said == *own) return {};
    return fail(Errc::corrupt,
                fmt::format("it has the kernel's page tables at {:#x}, and the kernel's symbols at {:#x}",
                            *said, *own));
  }

  Result<void> take_btf(GivenFiles& given) {
    state_.origins.btf = given.btf ? given.btf_from : "memory";
    if (!given.btf) {
      auto btf = find_kernel_btf(state_.space, *state_.symbols);
      if (!btf) return std::unexpected(std::move(btf.error()));
      state_.btf = std::move(*btf);
      if (!state_.btf.doubt.empty()) state_.warnings.push_back(state_.btf.doubt);
      return {};
    }
    state_.btf = std::move(*given.btf);
    if (given.btf_is_proven) return {};
    BtfVerdict verdict = compare_btf({given.btf_from, given.btf_build_id, state_.btf.bytes},
                                     state_.found.info, state_.space, *state_.symbols);
    if (!verdict.doubt.empty())
      if (auto settled = settle_doubts({std::move(verdict.doubt)}, overrides_.force, state_.warnings);
          !settled)
        return settled;
    if (!verdict.unchecked.empty()) state_.warnings.push_back(std::move(verdict.unchecked));
    if (!verdict.damage.empty()) state_.remarks.push_back(std::move(verdict.damage));
    return {};
  }

  void read_cpus() {
    Reader reader(state_.space);
    if (auto per_cpu = read_per_cpu(reader, *state_.symbols))
      state_.per_cpu = std::move(*per_cpu);
    else
      state_.warnings.push_back("per-CPU values cannot be shown: " + per_cpu.error().text);
  }

  /// Whom a kernel that crashed left the machine to is told where that one's memory lies
  /// (is_kdump_kernel(), include/linux/crash_dump.h).
  [[nodiscard]] bool is_crash_kernel() const {
    constexpr std::uint64_t nowhere = ~0ULL; // ELFCORE_ADDR_MAX
    const auto at = state_.symbols->find("elfcorehdr_addr");
    return at && Reader(state_.space).get<std::uint64_t>(*at).value_or(nowhere) != nowhere;
  }

  const memory::Source& source_;
  const Overrides& overrides_;
  State& state_;
};

/// Tries one VMCOREINFO after the other: the one that is given or the note, copies in the memory that it
/// confirms, and last what it does not. Of copies a crash kernel's is taken when no other leads.
class Target::Search {
public:
  Search(const memory::Source& source, const Overrides& overrides) : source_(source), overrides_(overrides) {}

  Result<std::unique_ptr<State>> run() {
    if (!source_.arch().empty() && !is_known_arch(source_.arch()))
      return fail(Errc::unsupported,
                  fmt::format("a dump of {}, whose page tables cannot be read yet", source_.arch()));
    auto note = named_vmcoreinfo(source_, overrides_, told_);
    if (!note) return std::unexpected(std::move(note.error()));
    if (overrides_.kernel != 0) {
      auto one = chosen(overrides_.kernel, std::move(*note), source_);
      if (!one) return std::unexpected(std::move(one.error()));
      (void)leads(*one);
      return result();
    }
    const bool is_forced = overrides_.force && !overrides_.vmcoreinfo.empty();
    if (*note && ((*note)->checked.confirmed() || is_forced) && leads(**note)) return result();
    if (is_forced) return beyond_force();
    if (*note && !(*note)->checked.confirmed()) left_.push_back({(*note)->from, 0, (*note)->checked.why});
    auto copies = copies_in_memory(source_);
    if (leads_one_of(copies, true) || (*note && leads(**note)) || leads_one_of(copies, false)) {
      if (state_) state_->kernels = kernels_of(std::nullopt, std::move(copies));
      return result();
    }
    auto rebuilt = rebuilt_vmcoreinfo(source_);
    if (!leads_one_of(rebuilt, true)) (void)leads_one_of(rebuilt, false);
    if (state_) state_->kernels = kernels_of(std::nullopt, std::move(rebuilt));
    return result();
  }

private:
  /// The one that was given and insisted on leads nowhere: another is not what was asked for.
  std::unexpected<Error> beyond_force() const {
    return fail(Errc::usage,
                fmt::format("{}: VMCOREINFO that does not lead to the kernel, so --force cannot take "
                            "it: {}; give that of the dump's kernel, or none",
                            overrides_.vmcoreinfo, error_ ? error_->text : "it is of another"));
  }

  bool leads_one_of(std::vector<FoundVmcoreinfo>& copies, bool confirmed) {
    std::unique_ptr<State> crash_kernel;
    for (FoundVmcoreinfo& copy : copies) {
      if (copy.checked.confirmed() != confirmed || !leads(copy)) continue;
      if (state_ ? !state_->is_crash_kernel : !crash_kernel) return true;
      if (!crash_kernel) crash_kernel = std::move(state_);
      state_.reset();
    }
    state_ = std::move(crash_kernel);
    return state_ != nullptr;
  }

  /// True when there is no need to go on: it leads to the end, or something is wrong that no other mends.
  /// Takes what is in `found`, all but what was checked; a text that was tried is not tried again.
  bool leads(FoundVmcoreinfo& found) {
    if (!tried_.insert(std::string(found.info.whole())).second) return false;
    auto state = std::make_unique<State>();
    state->warnings.assign(source_.warnings().begin(), source_.warnings().end());
    state->found = {Vmcoreinfo::parse(found.info.whole()), found.from, found.address, found.checked};
    auto followed = Opening(source_, overrides_, *state).follow();
    if (followed) {
      state_ = std::move(state);
      return true;
    }
    const bool is_final = followed.error().code == Errc::usage || followed.error().code == Errc::io;
    if (found.checked.confirmed()) left_.push_back({found.from, found.address, followed.error().text});
    if (!error_ || is_final) error_ = std::move(followed.error());
    return is_final;
  }

  Result<std::unique_ptr<State>> result() {
    if (!state_ && error_) return std::unexpected(std::move(*error_));
    if (!state_)
      return fail(
          Errc::not_found,
          "no VMCOREINFO in the file or in its memory, and no kernel's symbol tables in the memory; is "
          "this a Linux guest of x86-64 or arm64, and is the dump complete?");
    std::vector<std::string> told = told_;
    const FoundVmcoreinfo& found = state_->found;
    for (const Left& left : left_)
      if (left.from != found.from || left.address != found.address)
        told.push_back(fmt::format("the VMCOREINFO of the {} is left for that of the {}: {}",
                                   place(left.from, left.address), place(found.from, found.address),
                                   left.why));
    if (!found.checked.confirmed())
      told.push_back(
          fmt::format("the memory does not confirm VMCOREINFO: {}; the dump may be torn", found.checked.why));
    state_->warnings.insert(state_->warnings.begin(), told.begin(), told.end());
    return std::move(state_);
  }

  struct Left {
    std::string from;
    std::uint64_t address;
    std::string why;
  };
  const memory::Source& source_;
  const Overrides& overrides_;
  std::unique_ptr<State> state_;
  std::optional<Error> error_;
  std::vector<Left> left_;
  std::vector<std::string> told_; ///< of what was given
  std::set<std::string> tried_;
};

Target::Target(std::unique_ptr<State> state) : state_(std::move(state)) {}
Target::~Target() = default;

Result<std::unique_ptr<Target>> Target::open(const memory::Source& source, const Overrides& overrides) {
  auto state = Search(source, overrides).run();
  if (!state) return std::unexpected(std::move(state.error()));
  return std::unique_ptr<Target>(new Target(std::move(*state)));
}

void Target::learn(AddedSymbols::Addresses addresses, std::optional<PerCpu> per_cpu, std::string warning) {
  state_->symbols = std::make_unique<AddedSymbols>(std::move(state_->symbols), std::move(addresses));
  if (per_cpu) state_->per_cpu = std::move(*per_cpu);
  state_->warnings.push_back(std::move(warning));
}

const memory::Source& Target::source() const { return *state_->source; }
const Vmcoreinfo& Target::vmcoreinfo() const { return state_->found.info; }
const Symbols& Target::symbols() const { return *state_->symbols; }
const AddressSpace& Target::space() const { return state_->space; }
std::unique_ptr<Translator> Target::translator_over(const memory::Source& source) const {
  return std::move(*make_translator(source, state_->found.info)); // as this target's own was made
}
const PerCpu& Target::per_cpu() const { return state_->per_cpu; }
std::span<const std::byte> Target::btf() const { return state_->btf.bytes; }
const Origins& Target::origins() const { return state_->origins; }
std::string_view Target::release() const { return state_->found.info.release(); }
std::string_view Target::arch() const { return state_->translator->arch(); }
std::uint64_t Target::page_size() const { return state_->translator->page_size(); }
unsigned Target::page_table_levels() const { return state_->translator->levels(); }
std::optional<std::uint64_t> Target::page_of(std::uint64_t physical) const {
  const auto first = state_->found.info.symbol("vmemmap"), size = state_->found.info.offset("page");
  if (!first || !size) return std::nullopt;
  return *first + physical / page_size() * *size;
}
std::uint64_t Target::kaslr_offset() const { return state_->found.info.hex("KERNELOFFSET").value_or(0); }
const FoundVmcoreinfo& Target::witness() const { return state_->found; }
std::span<const FoundVmcoreinfo> Target::kernels() const { return state_->kernels; }
bool Target::is_crash_kernel() const { return state_->is_crash_kernel; }
std::span<const std::string> Target::remarks() const { return state_->remarks; }
std::span<const std::string> Target::warnings() const { return state_->warnings; }

} // namespace mapscope::target
