// SPDX-License-Identifier: Apache-2.0
// The helpers that plugins for parts of the kernel (attach=kernel:) live on; plugins for maps may use them,
// too.
#include "host/plugin/call/call.hpp"
#include "host/target/target.hpp"

#include "host/base/utf8.hpp"

#include <mapscope/contract.hpp>

#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace {

constexpr std::size_t longest_name = 512, longest_finding = 1000, most_findings = 64;

} // namespace

using namespace mapscope;

int msc_call::symbol_address(const char* name, std::uint64_t* address) {
  const std::string_view spelled(name, ::strnlen(name, longest_name));
  const auto& expected = choice_.plugin->manifest().symbols;
  if (!std::exchange(symbols_expected_, true)) environment_.target->symbols().expect(expected);
  const auto found = environment_.target->symbols().find(spelled);
  if (!found) {
    missing_ = fmt::format("no symbol {} in the kernel", spelled);
    missing_of_ = {};
    return MSC_ENOENT;
  }
  *address = *found;
  return MSC_OK;
}

int msc_call::finding(std::uint32_t severity, const char* text) {
  constexpr const char* names[] = {"error", "warning", "info"}; // enum msc_severity
  if (severity >= std::size(names)) return misuse(fmt::format("finding() of unknown severity {}", severity));
  if (findings_.size() == most_findings) return MSC_OK;
  if (delivery_ != nullptr)
    delivery_->finding(severity, std::string_view(text, ::strnlen(text, longest_finding)));
  const auto map = is_kernel_target() ? std::nullopt : std::optional(map_.id);
  findings_.push_back(
      {names[severity], map, valid_utf8(std::string_view(text, ::strnlen(text, longest_finding)))});
  return MSC_OK;
}

int msc_call::enumerator_at(msc_type type, std::uint32_t index, msc_enumerator* info) {
  if (!contract::begin_filling(*info)) return misuse("enumerator_at() into a record of another size");
  const auto ref = resolve(type);
  if (!ref) return no_type(type, "enumerator_at");
  const auto found = ref->types->constant_at(ref->id, index);
  if (!found) return MSC_ENOENT;
  info->value = found->value;
  info->name[found->name.copy(info->name, sizeof info->name - 1)] = 0;
  return MSC_OK;
}
