// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/agreement.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace mapscope::catalog {

namespace {

/// "page.flags" of OFFSET(page.flags); nothing where the key is of another kind.
std::optional<std::string_view> named(std::string_view key, std::string_view kind) {
  if (!key.starts_with(kind) || !key.ends_with(')') || key.size() <= kind.size() + 1) return std::nullopt;
  return key.substr(kind.size(), key.size() - kind.size() - 1);
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && rest == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::vector<btf::TypeId> types_named(const btf::Types& types, std::string_view name) {
  auto found = types.find_all("struct " + std::string(name));
  std::ranges::copy(types.find_all("typedef " + std::string(name)), std::back_inserter(found));
  return found;
}

/// What the types say in place of a key; several where several share the name.
std::vector<std::uint64_t> values_of(const btf::Types& types, std::string_view key) {
  std::vector<std::uint64_t> values;
  if (const auto name = named(key, "SIZE("))
    for (const btf::TypeId id : types_named(types, *name))
      if (const auto size = types.size(id)) values.push_back(*size);
  if (const auto path = named(key, "OFFSET(")) {
    const std::size_t dot = path->find('.');
    if (dot == path->npos) return values;
    for (const btf::TypeId id : types_named(types, path->substr(0, dot)))
      if (const auto member = types.member(types.peel(id), path->substr(dot + 1)))
        values.push_back(member->offset());
  }
  return values;
}

} // namespace

Agreement compare(const target::Vmcoreinfo& info, const btf::Types& types) {
  Agreement agreement;
  for (const auto& [key, text] : info.values()) {
    const auto value = decimal(text);
    const auto values = value ? values_of(types, key) : std::vector<std::uint64_t>{};
    if (values.empty()) continue;
    ++agreement.compared;
    if (std::ranges::find(values, *value) != values.end()) continue;
    if (agreement.contradicted++ == 0)
      agreement.first =
          fmt::format("{} is {} in VMCOREINFO and {} in the types", key, *value, values.front());
  }
  return agreement;
}

std::vector<target::FoundVmcoreinfo> crash_kernels(const target::Target& target, const btf::Types& types) {
  target::Reader reader = target.reader();
  const auto panicked = target.symbols().find("panic_cpu"), reserved = target.symbols().find("crashk_res");
  const auto begin_at = types.offset_of("struct resource", "start"),
             end_at = types.offset_of("struct resource", "end");
  if (!panicked || !reserved || !begin_at || !end_at) return {};
  constexpr std::int32_t nobody = -1; // PANIC_CPU_INVALID, kernel/panic.c
  if (reader.get<std::int32_t>(*panicked).value_or(nobody) == nobody) return {};
  const auto begin = reader.get<std::uint64_t>(*reserved + *begin_at),
             last = reader.get<std::uint64_t>(*reserved + *end_at);
  if (!begin || !last || *begin >= *last) return {};
  auto kernels = target::kernels_of(std::nullopt, target::copies_in_memory(target.source(), {*begin, *last}));
  std::erase_if(kernels, [&](const target::FoundVmcoreinfo& kernel) {
    return kernel.checked.identity == target.witness().checked.identity;
  });
  return kernels;
}

} // namespace mapscope::catalog
