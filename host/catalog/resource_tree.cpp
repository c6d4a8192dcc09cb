// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/resource_tree.hpp"

#include "host/catalog/layout.hpp"

namespace mapscope::catalog {

namespace {
/// Of the root's children; a machine with many devices has some hundred.
constexpr std::size_t most_entries = 65536;
constexpr std::size_t longest_name = 64;
} // namespace

std::optional<ResourceTree> ResourceTree::find(const target::Symbols& symbols, const btf::Types& types) {
  const auto root = symbols.find("iomem_resource");
  if (!root) return std::nullopt;
  Layout layout(types, "struct resource"); // include/linux/ioport.h
  ResourceTree tree;
  tree.root_ = *root;
  tree.start_ = layout.need("start"), tree.end_ = layout.need("end"), tree.name_ = layout.need("name");
  tree.parent_ = layout.need("parent"), tree.sibling_ = layout.need("sibling");
  tree.child_ = layout.need("child"), tree.size_ = layout.size();
  if (layout.error()) return std::nullopt;
  return tree;
}

std::optional<std::vector<target::PhysicalRange>>
ResourceTree::system_ram(const target::AddressSpace& space) const {
  target::Reader reader(space);
  const auto first = reader.get<std::uint64_t>(root_ + child_);
  if (!first || *first == 0) return std::nullopt;
  std::vector<target::PhysicalRange> ram;
  std::uint64_t behind = 0; // what lies before it was seen, so a circle ends
  std::size_t entries = 0;
  for (std::uint64_t at = *first; at != 0;) {
    target::Fault fault{};
    const auto entry = Object::read(reader, at, size_, &fault);
    if (!entry || ++entries > most_entries) return std::nullopt;
    const auto start = entry->get<std::uint64_t>(start_), last = entry->get<std::uint64_t>(end_);
    if (entry->get<std::uint64_t>(parent_) != root_ || last < start || start < behind || last == ~0ULL)
      return std::nullopt;
    if (reader.text(entry->get<std::uint64_t>(name_), longest_name).starts_with("System RAM"))
      ram.push_back({start, last + 1});
    behind = last + 1;
    at = entry->get<std::uint64_t>(sibling_);
  }
  if (ram.empty()) return std::nullopt;
  return ram;
}

} // namespace mapscope::catalog
