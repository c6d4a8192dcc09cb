// SPDX-License-Identifier: Apache-2.0
// The kernel's symbols: those of code by address, any by name.
#include "host/catalog/code_symbols.hpp"
#include "host/plugin/call/call.hpp"
#include "host/target/target.hpp"

#include <mapscope/contract.hpp>

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <utility>

using namespace mapscope;

namespace {

constexpr std::size_t longest_name = 512;

} // namespace

int msc_call::symbol(std::uint64_t address, msc_symbol* found) {
  if (!contract::begin_filling(*found)) return words_.misuse("symbol() into a record of another size");
  const auto* const symbols = task_.environment.symbols;
  const auto symbol = symbols != nullptr ? symbols->at(address) : std::nullopt;
  if (!symbol) {
    if (symbols != nullptr && symbols->may_lack(address))
      words_.note(MSC_EFAULT, "functions are shown without names: what names them could not be read");
    return MSC_ENOENT;
  }
  found->program = symbol->program;
  found->offset = symbol->offset;
  symbol->name.copy(found->name, sizeof found->name - 1);
  found->name[std::min(symbol->name.size(), sizeof found->name - 1)] = 0;
  symbol->module.copy(found->module, sizeof found->module - 1);
  found->module[std::min(symbol->module.size(), sizeof found->module - 1)] = 0;
  return MSC_OK;
}

int msc_call::symbol_address(const char* name, std::uint64_t* address) {
  const std::string_view spelled(name, ::strnlen(name, longest_name));
  const auto& expected = task_.choice().plugin->manifest().symbols;
  if (!std::exchange(symbols_expected_, true)) task_.environment.target->symbols().expect(expected);
  const auto found = task_.environment.target->symbols().find(spelled);
  if (!found) {
    types_.miss(fmt::format("no symbol {} in the kernel", spelled));
    return MSC_ENOENT;
  }
  *address = *found;
  return MSC_OK;
}
