// SPDX-License-Identifier: Apache-2.0
// Maps of a type that no other plugin renders: the struct around their struct bpf_map, as the kernel's BTF
// has it. Each map type has one, and its operations are named after it: trie_map_ops, struct lpm_trie.
//
// Which struct it is, is a guess by that name, and said to be one. Without any, struct bpf_map itself is
// shown.

#include "memory.hpp"

namespace {

using mapscope::Call;

constexpr std::size_t largest_container = 1 << 16;
constexpr unsigned most_containers = 1 << 10; // a kernel has some thirty

/// The words of a name that say which map type it is of.
std::vector<std::string_view> words_of(std::string_view name) {
  std::vector<std::string_view> words;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('_'), name.size());
    const std::string_view word = name.substr(0, end);
    if (!word.empty() && word != "bpf" && word != "map" && word != "ops") words.push_back(word);
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return words;
}

/// Words that both have, in thousandths of the words that either has. 0 where each has a word of its own:
/// task_storage is no cgroup_storage.
std::size_t likeness(std::string_view left, std::string_view right) {
  const auto one = words_of(left), other = words_of(right);
  const auto common = static_cast<std::size_t>(std::ranges::count_if(
      one, [&](std::string_view word) { return std::ranges::find(other, word) != other.end(); }));
  const std::size_t all = one.size() + other.size() - common;
  return common == 0 || (common != one.size() && common != other.size()) ? 0 : common * 1000 / all;
}

struct Container {
  msc_type type = 0;
  std::string name;
};

/// The struct around a struct bpf_map whose name is most like that of the operations.
Container find_container(Call& call, msc_type map, std::string_view operations) {
  Container best{map, "bpf_map"};
  std::size_t most = 0;
  msc_member_info holder{};
  for (unsigned i = 0; i < most_containers && call.next_holder(map, holder); ++i) {
    const std::size_t like = likeness(operations, holder.name);
    if (like > most) best = {holder.member.type, holder.name}, most = like;
  }
  return best;
}

/// The name of map->ops; nothing when no symbol begins there.
std::optional<std::string> operations_of(Call& call, msc_type map) {
  const auto ops = mapscope::builtin::follow(call, call.target.map + call.offset(map, "ops"));
  msc_symbol symbol{};
  if (!ops || !call.symbol(*ops, symbol) || symbol.offset != 0) return std::nullopt;
  return symbol.name;
}

std::string explanation(const std::string& container, const std::optional<std::string>& operations) {
  const std::string shown = "no plugin renders maps of this type; shown is struct " + container;
  if (!operations) return shown + ", as its operations have no name";
  if (container == "bpf_map") return shown + ", as no struct is named like its operations, " + *operations;
  return shown + ", taken by the name of its operations, " + *operations;
}

void render_unknown(Call& call) {
  const msc_type map = call.kernel_type("struct bpf_map");
  const auto operations = operations_of(call, map);
  const Container container = find_container(call, map, operations.value_or(""));
  const std::size_t size = call.size(container.type);
  if (size == 0 || size > largest_container) call.fail("its struct has an implausible size");
  std::vector<std::byte> bytes(size);
  call.read(MSC_KERNEL, call.target.map, bytes);
  mapscope::builtin::emit_name(call, "ops", operations);
  call.typed("container", bytes, container.type);
  call.note(MSC_STOP, explanation(container.name, operations).c_str());
}

} // namespace

MSC_PLUGIN(render_unknown, "id=mapscope.builtin.unknown\0"
                           "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                           "license=Apache-2.0\0"
                           "summary=maps of types that no other plugin renders\0"
                           "attach=map-type:* prio=-1000000\0"
                           "needs=struct bpf_map.ops");
