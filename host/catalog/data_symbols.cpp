// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/data_symbols.hpp"

#include "host/catalog/id_tables.hpp"
#include "host/catalog/per_cpu_areas.hpp"
#include "host/catalog/walks.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace mapscope::catalog {

namespace {

constexpr std::size_t longest_list = 1U << 18; ///< one that has more runs in a circle
constexpr unsigned most_programs = 16;         ///< of which one must lead to the list's head
constexpr std::size_t module_name_size = 56;

/// A list's head in the image that leads to a struct module and back. It has its own address in it.
class ModuleList {
public:
  ModuleList(const target::Target& target, const btf::Types& kernel, const ImageWords& image)
      : image_(image), translator_(*target.space().translator), reader_(target.reader()) {
    Layout module(kernel, "struct module");
    list_ = module.need("list"), self_ = module.need("mkobj.mod"), name_ = module.need("name");
    is_usable_ = !module.error();
  }

  void consider(std::uint64_t address, std::uint64_t word) {
    if (address_ != 0 || !is_usable_ || word % 8 != 0 || !translator_.is_kernels(word) || image_.holds(word))
      return;
    const std::uint64_t module = word - list_;
    if (reader_.get<std::uint64_t>(word + 8) == address &&
        reader_.get<std::uint64_t>(module + self_) == module &&
        !reader_.text(module + name_, module_name_size).empty())
      address_ = address;
  }
  [[nodiscard]] std::uint64_t address() const { return address_; }

private:
  const ImageWords& image_;
  const target::Translator& translator_;
  target::Reader reader_;
  std::uint64_t list_ = 0, self_ = 0, name_ = 0, address_ = 0;
  bool is_usable_ = false;
};

/// The root of the memory's resources by its name; its children say that it is their parent.
class ResourceRoot {
public:
  ResourceRoot(const target::Target& target, const btf::Types& kernel, const ImageWords& image)
      : reader_(target.reader()), names_(image.texts("PCI mem")) { // kernel/resource.c
    Layout resource(kernel, "struct resource");
    name_ = resource.need("name"), parent_ = resource.need("parent"), child_ = resource.need("child");
    is_usable_ = !resource.error();
  }

  void consider(std::uint64_t address, std::uint64_t word) {
    if (!is_usable_ || address_ != 0 || std::ranges::find(names_, word) == names_.end()) return;
    const std::uint64_t root = address - name_;
    const auto child = reader_.get<std::uint64_t>(root + child_);
    if (child && *child != 0 && reader_.get<std::uint64_t>(*child + parent_) == root) address_ = root;
  }
  [[nodiscard]] std::uint64_t address() const { return address_; }

private:
  target::Reader reader_;
  std::vector<std::uint64_t> names_;
  std::uint64_t name_ = 0, parent_ = 0, child_ = 0, address_ = 0;
  bool is_usable_ = false;
};

/// What keeps the time: it has one source for its two readings, and its parts add up (tk_update_ktime_data()
/// in kernel/time/timekeeping.c). There is a shadow of it, a tick away; what holds the one that counts begins
/// with a line of the cache.
class Timekeeper {
public:
  Timekeeper(const target::Target& target, const btf::Types& kernel)
      : translator_(*target.space().translator), reader_(target.reader()) {
    Layout keeper(kernel, "struct timekeeper");
    const Layout data(kernel, "struct tk_data"); // 6.13
    clock_ = keeper.need("tkr_mono.clock"), raw_ = keeper.need("tkr_raw.clock");
    base_ = keeper.need("tkr_mono.base"), seconds_ = keeper.need("xtime_sec");
    back_seconds_ = keeper.need("wall_to_monotonic.tv_sec");
    back_nanoseconds_ = keeper.need("wall_to_monotonic.tv_nsec");
    inside_ = data.want("timekeeper").value_or(sizeof(std::uint64_t)); // as report/kernel_clock.cpp has it
    is_usable_ = !keeper.error();
  }

  void consider(std::uint64_t address, std::uint64_t word) {
    if (!is_usable_ || address_ != 0 || word % 8 != 0 || !translator_.is_kernels(word)) return;
    const std::uint64_t keeper = address - clock_;
    if ((keeper - inside_) % cache_line == 0 && get(keeper + raw_) == word && adds_up(keeper))
      address_ = keeper - inside_;
  }
  /// Of what is called tk_core.
  [[nodiscard]] std::uint64_t address() const { return address_; }

private:
  [[nodiscard]] std::uint64_t get(std::uint64_t at) { return reader_.get<std::uint64_t>(at).value_or(0); }
  /// The wall's clock and what leads back to the start of the machine are the time since then.
  [[nodiscard]] bool adds_up(std::uint64_t keeper) {
    constexpr std::uint64_t second = 1'000'000'000;
    const std::uint64_t wall = get(keeper + seconds_), base = get(keeper + base_);
    return wall != 0 &&
           base == (wall + get(keeper + back_seconds_)) * second + get(keeper + back_nanoseconds_);
  }

  static constexpr std::uint64_t cache_line = 64; ///< L1_CACHE_BYTES, the least of both architectures
  const target::Translator& translator_;
  target::Reader reader_;
  std::uint64_t clock_ = 0, raw_ = 0, base_ = 0, seconds_ = 0, back_seconds_ = 0, back_nanoseconds_ = 0;
  std::uint64_t inside_ = 0, address_ = 0;
  bool is_usable_ = false;
};

/// Every program's code is in one list (bpf_kallsyms), whose head is what of it lies in the image.
std::uint64_t head_of_code(target::Reader& reader, const ImageWords& image, std::uint64_t node) {
  for (std::size_t steps = 0; steps < longest_list; ++steps) {
    if (image.holds(node)) return node;
    const auto next = reader.get<std::uint64_t>(node);
    if (!next || reader.get<std::uint64_t>(*next + 8) != node) return 0; // list_head.prev
    node = *next;
  }
  return 0;
}

std::uint64_t find_code_list(const target::Target& target, const btf::Types& kernel, const ImageWords& image,
                             std::uint64_t programs) {
  Layout program(kernel, "struct bpf_prog"), aux(kernel, "struct bpf_prog_aux");
  const std::uint64_t aux_at = program.need("aux"), node = aux.need("ksym.lnode");
  const auto layout = idr_layout(kernel);
  if (programs == 0 || !layout || program.error() || aux.error()) return 0;
  auto reader = target.reader(), beside = target.reader();
  std::uint64_t found = 0;
  unsigned tries = 0;
  const auto look = [&](std::uint64_t, std::uint64_t object) {
    if (found != 0 || ++tries > most_programs) return;
    if (const auto own = beside.get<std::uint64_t>(object + aux_at))
      found = head_of_code(beside, image, *own + node);
  };
  walk_xarray(reader, *layout, programs, look, [](const std::string&) {});
  return found;
}

class Finder {
public:
  Finder(const target::Target& target, const btf::Types& kernel)
      : target_(target), kernel_(kernel), image_(target) {}

  DataSymbols run() {
    find_tables_and_lists();
    find_areas();
    tell();
    return std::move(found_);
  }

private:
  void add(std::string_view name, std::uint64_t address) {
    if (address != 0 && !target_.symbols().find(name)) found_.addresses.emplace(name, address);
  }

  void find_tables_and_lists() {
    IdTables tables(target_, kernel_, image_);
    ModuleList modules(target_, kernel_, image_);
    ResourceRoot resources(target_, kernel_, image_);
    Timekeeper keeper(target_, kernel_);
    const target::Translator& translator = *target_.space().translator;
    image_.each([&](std::uint64_t address, std::uint64_t word) {
      if (word == 0 || !translator.is_kernels(word)) return; // each of them begins with a pointer
      tables.consider(address, word), modules.consider(address, word);
      resources.consider(address, word), keeper.consider(address, word);
    });
    for (std::size_t i = 0; i < IdTables::names.size(); ++i) add(IdTables::names[i], tables.address(i));
    add("modules", modules.address());
    add("iomem_resource", resources.address());
    add("tk_core", keeper.address());
    add("bpf_kallsyms", find_code_list(target_, kernel_, image_, tables.address(1)));
  }

  void find_areas() {
    PerCpuAreas areas(target_, kernel_, image_);
    if (!areas.has_areas() || target_.symbols().find("__per_cpu_offset")) return;
    auto found = areas.find();
    if (found) add("__per_cpu_offset", found->array);
    found_.per_cpu = found ? std::move(found->per_cpu) : target::PerCpu();
  }

  void tell() {
    std::string names;
    for (const auto& [name, address] : found_.addresses) names += (names.empty() ? "" : ", ") + name;
    const bool lacks_areas = found_.per_cpu && found_.per_cpu->possible().empty();
    found_.warning = fmt::format(
        "the kernel's symbols tell of its code alone (CONFIG_KALLSYMS_ALL off); found by what lies there: "
        "{}; "
        "not shown: {}the state of sched_ext; --symbols System.map tells where all is",
        names.empty() ? "nothing" : names, lacks_areas ? "per-CPU values, " : "");
  }

  const target::Target& target_;
  const btf::Types& kernel_;
  ImageWords image_;
  DataSymbols found_;
};

} // namespace

bool tells_of_code_alone(const target::Symbols& symbols) {
  constexpr std::array names = {"map_idr", "prog_idr", "btf_idr", "__per_cpu_offset"};
  return std::ranges::none_of(names, [&](const char* name) { return symbols.find(name).has_value(); });
}

DataSymbols find_data_symbols(const target::Target& target, const btf::Types& kernel) {
  return Finder(target, kernel).run();
}

} // namespace mapscope::catalog
