// SPDX-License-Identifier: Apache-2.0
#include "host/target/architectures.hpp"

#include "host/target/arm64.hpp"
#include "host/target/x86_64.hpp"

#include <algorithm>
#include <array>
#include <elf.h>
#include <fmt/format.h>

namespace mapscope::target {

namespace {

template <class Made> std::unique_ptr<PageWalker> made(const memory::Source& source, const Vmcoreinfo& info) {
  const auto parameters = Made::parameters(info);
  return parameters ? std::make_unique<Made>(source, *parameters) : nullptr;
}

struct Architecture {
  std::string_view name;
  std::uint16_t machine;
  std::string_view key;    ///< that no other has: from the image's virtual addresses to physical ones
  std::string_view needed; ///< beside it
  std::unique_ptr<PageWalker> (*make)(const memory::Source&, const Vmcoreinfo&);
};
constexpr std::array<Architecture, 2> architectures = {{
    {"x86_64", EM_X86_64, "phys_base", "swapper_pg_dir", made<X86_64>},
    {"aarch64", EM_AARCH64, "kimage_voffset", "swapper_pg_dir, or what VA_BITS and PAGESIZE can be",
     made<Arm64>},
}};

const Architecture* find(std::string_view name) {
  const auto* found = std::ranges::find(architectures, name, &Architecture::name);
  return found != architectures.end() ? found : nullptr;
}

} // namespace

std::string_view arch_of(const Vmcoreinfo& info) {
  const auto* found = std::ranges::find_if(
      architectures, [&](const Architecture& one) { return info.number(one.key).has_value(); });
  return found != architectures.end() ? found->name : "";
}

bool is_known_arch(std::string_view arch) { return find(arch) != nullptr; }

std::uint16_t elf_machine(std::string_view arch) {
  const Architecture* known = find(arch);
  return known != nullptr ? known->machine : EM_NONE;
}

Result<std::unique_ptr<PageWalker>> make_translator(const memory::Source& source, const Vmcoreinfo& info) {
  const Architecture* known = find(arch_of(info));
  if (known == nullptr) return fail(Errc::not_found, "it lacks phys_base (x86-64) or kimage_voffset (arm64)");
  // A text of another architecture's kernel lies in the memory as any file may.
  if (!source.arch().empty() && source.arch() != known->name)
    return fail(Errc::not_found,
                fmt::format("it is of a kernel of {}, and the dump of {}", known->name, source.arch()));
  auto translator = known->make(source, info);
  if (!translator) return fail(Errc::not_found, fmt::format("it lacks {}", known->needed));
  return translator;
}

} // namespace mapscope::target
