// SPDX-License-Identifier: Apache-2.0
#include "host/target/target.hpp"

#include "host/memory/mapped_file.hpp"
#include "host/target/find_vmcoreinfo.hpp"
#include "host/target/kallsyms.hpp"
#include "host/target/kernel_btf.hpp"
#include "host/target/symbol_files.hpp"
#include "host/target/x86_64.hpp"

#include <array>
#include <fmt/format.h>

namespace mapscope::target {

struct Target::State {
  const memory::Source* source = nullptr;
  Vmcoreinfo info;
  std::unique_ptr<X86_64> translator;
  AddressSpace space;
  std::unique_ptr<Symbols> symbols;
  PerCpu per_cpu;
  KernelBtf btf;
  Origins origins;
  std::vector<std::string> warnings;
};

namespace {

/// What a dump of BPF maps asks the kernel's symbols for: found in one pass.
constexpr std::array<std::string_view, 12> well_known = {
    "bpf_kallsyms",     "modules",     "map_idr",    "prog_idr",   "btf_idr",          "bpf_map_offload_ops",
    "page_offset_base", "__start_BTF", "__stop_BTF", "nr_cpu_ids", "__per_cpu_offset", "__cpu_possible_mask"};

Result<Vmcoreinfo> load_vmcoreinfo(const memory::Source& source, Origins& origins) {
  auto found = find_vmcoreinfo(source);
  if (found.info.empty())
    return fail(Errc::not_found,
                "no VMCOREINFO in the file or in its memory; is this an x86-64 Linux guest, and is "
                "the dump complete?");
  origins.vmcoreinfo = found.from_note ? "note" : "memory";
  return std::move(found.info);
}

Result<std::unique_ptr<X86_64>> make_translator(const memory::Source& source, const Vmcoreinfo& info) {
  if (!source.arch().empty() && source.arch() != "x86_64")
    return fail(Errc::unsupported,
                fmt::format("a dump of {}, whose page tables cannot be read yet", source.arch()));
  const auto parameters = X86_64::parameters(info);
  if (!parameters)
    return fail(Errc::not_found, "VMCOREINFO has no phys_base or swapper_pg_dir; is this an x86-64 kernel?");
  return std::make_unique<X86_64>(source, *parameters);
}

Result<std::unique_ptr<Symbols>> load_symbols(const AddressSpace& space, const Vmcoreinfo& info,
                                              const Overrides& overrides, Origins& origins) {
  const auto stext = info.symbol("_stext");
  origins.symbols = "memory";
  if (!overrides.symbols.empty()) {
    origins.symbols = overrides.symbols;
    return read_symbol_text(overrides.symbols, stext);
  }
  if (!overrides.vmlinux.empty()) {
    origins.symbols = overrides.vmlinux;
    return read_symbol_elf(overrides.vmlinux, stext);
  }
  return read_kallsyms(space, info, well_known);
}

Result<KernelBtf> load_btf_file(const std::string& path) {
  const auto file = memory::MappedFile::open(path);
  if (!file) return std::unexpected(file.error());
  KernelBtf btf;
  btf.owned.assign(file->bytes().begin(), file->bytes().end());
  btf.bytes = btf.owned;
  return btf;
}

Result<KernelBtf> load_btf(const AddressSpace& space, const Symbols& symbols, const Overrides& overrides,
                           Origins& origins) {
  if (!overrides.btf.empty()) {
    origins.btf = overrides.btf;
    return load_btf_file(overrides.btf);
  }
  if (!overrides.vmlinux.empty()) {
    origins.btf = overrides.vmlinux;
    auto section = read_btf_section(overrides.vmlinux);
    if (!section) return std::unexpected(section.error());
    KernelBtf btf{{}, std::move(*section)};
    btf.bytes = btf.owned;
    return btf;
  }
  origins.btf = "memory";
  return find_kernel_btf(space, symbols);
}

/// The direct map is found through a variable since 4.8 (CONFIG_RANDOMIZE_MEMORY), else at a fixed place.
void use_direct_map(X86_64& translator, const AddressSpace& space, const Symbols& symbols) {
  const auto variable = symbols.find("page_offset_base");
  const auto base = variable ? Reader(space).get<std::uint64_t>(*variable) : std::nullopt;
  constexpr std::uint64_t fixed4 = 0xffff888000000000,
                          fixed5 = 0xff11000000000000; // Documentation/arch/x86/x86_64/mm.rst
  translator.use_direct_map(base.value_or(translator.levels() == 5 ? fixed5 : fixed4));
}

} // namespace

Target::Target(std::unique_ptr<State> state) : state_(std::move(state)) {}
Target::~Target() = default;

Result<std::unique_ptr<Target>> Target::open(const memory::Source& source, const Overrides& overrides) {
  auto state = std::make_unique<State>();
  state->source = &source;
  state->warnings.assign(source.warnings().begin(), source.warnings().end());
  auto info = load_vmcoreinfo(source, state->origins);
  if (!info) return std::unexpected(info.error());
  state->info = std::move(*info);
  auto translator = make_translator(source, state->info);
  if (!translator) return std::unexpected(translator.error());
  state->translator = std::move(*translator);
  state->space = {&source, state->translator.get()};
  if (check(state->info, source) != Verdict::confirmed)
    state->warnings.push_back("the kernel's own release is not where VMCOREINFO says; the dump may be torn");
  auto symbols = load_symbols(state->space, state->info, overrides, state->origins);
  if (!symbols) return std::unexpected(symbols.error());
  state->symbols = std::move(*symbols);
  use_direct_map(*state->translator, state->space, *state->symbols);
  auto btf = load_btf(state->space, *state->symbols, overrides, state->origins);
  if (!btf) return std::unexpected(btf.error());
  state->btf = std::move(*btf);
  Reader reader(state->space);
  if (auto per_cpu = read_per_cpu(reader, *state->symbols))
    state->per_cpu = std::move(*per_cpu);
  else
    state->warnings.push_back("per-CPU values cannot be shown: " + per_cpu.error().text);
  return std::unique_ptr<Target>(new Target(std::move(state)));
}

const memory::Source& Target::source() const { return *state_->source; }
const Vmcoreinfo& Target::vmcoreinfo() const { return state_->info; }
const Symbols& Target::symbols() const { return *state_->symbols; }
const AddressSpace& Target::space() const { return state_->space; }
const PerCpu& Target::per_cpu() const { return state_->per_cpu; }
std::span<const std::byte> Target::btf() const { return state_->btf.bytes; }
const Origins& Target::origins() const { return state_->origins; }
std::string_view Target::release() const { return state_->info.release(); }
std::string_view Target::arch() const { return "x86_64"; }
std::uint64_t Target::page_size() const { return state_->translator->page_size(); }
unsigned Target::page_table_levels() const { return state_->translator->levels(); }
std::optional<std::uint64_t> Target::page_of(std::uint64_t physical) const {
  const auto first = state_->info.symbol("vmemmap"), size = state_->info.offset("page");
  if (!first || !size) return std::nullopt;
  return *first + physical / page_size() * *size;
}
std::uint64_t Target::kaslr_offset() const { return state_->info.hex("KERNELOFFSET").value_or(0); }
std::span<const std::string> Target::warnings() const { return state_->warnings; }

} // namespace mapscope::target
