// SPDX-License-Identifier: Apache-2.0
#include "host/report/kernel_objects.hpp"

#include "host/target/target.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::report {

KernelObjects::KernelObjects(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
                             const btf::Limits& limits)
    : target_(target), kernel_(std::move(kernel)), limits_(limits), reader_(target.reader()) {}

/// A thread is on the list of its process (signal_struct.thread_head) until it is gone; list_del_rcu() leaves
/// no way back. The list's head is on it as well, and has no leader.
std::optional<KernelObjects::Links> KernelObjects::links_of_task() const {
  const auto next = kernel_->offset_of("struct task_struct", "thread_node.next"),
             node = kernel_->offset_of("struct task_struct", "thread_node"),
             leader = kernel_->offset_of("struct task_struct", "group_leader"),
             prev = kernel_->offset_of("struct list_head", "prev");
  if (!next || !node || !leader || !prev) return std::nullopt;
  return Links{*next, *prev, *node, *leader};
}

/// kernfs knows a group by its address.
std::optional<KernelObjects::Links> KernelObjects::links_of_cgroup() const {
  const auto directory = kernel_->offset_of("struct cgroup", "kn"),
             owner = kernel_->offset_of("struct kernfs_node", "priv");
  if (!directory || !owner) return std::nullopt;
  return Links{*directory, *owner, 0, std::nullopt};
}

/// Its parent is __parent since 6.15.
std::optional<KernelObjects::Directory> KernelObjects::directory_of_group() const {
  const auto of_node = [&](const char* member) { return kernel_->offset_of("struct kernfs_node", member); };
  const auto directory = kernel_->offset_of("struct cgroup", "kn"), id = of_node("id"),
             name = of_node("name");
  auto parent = of_node("__parent");
  if (!parent) parent = of_node("parent");
  if (!directory || !id || !name || !parent) return std::nullopt;
  return Directory{*directory, *id, *name, *parent};
}

/// unit_alloc() in kernel/bpf/memalloc.c leaves the CPU's cache in front of the object, since 6.6; free
/// objects have a link there. All masks come from bpf_cpumask_ma (kernel/bpf/cpumask.c).
std::optional<KernelObjects::Hints> KernelObjects::hints_of_masks() {
  const auto usage = kernel_->offset_of("struct bpf_cpumask", "usage"),
             cache = kernel_->offset_of("struct bpf_mem_alloc", "cache");
  const auto masks = target_.symbols().find("bpf_cpumask_ma");
  if (!usage || !cache || !masks) return std::nullopt;
  const auto caches = reader_.get<std::uint64_t>(*masks + *cache);
  if (caches.value_or(0) == 0) return std::nullopt;
  Hints hints{*usage, {}};
  for (const std::uint32_t cpu : target_.per_cpu().possible())
    if (const auto area = target_.per_cpu().offset(cpu)) hints.per_cpu.push_back(*caches + *area);
  return hints;
}

/// Without a size it is as good as not there.
void KernelObjects::size_up(Kind& kind) const {
  constexpr std::uint64_t largest = 64U << 10;
  const auto id = kernel_->find(fmt::format("struct {}", kind.type));
  const auto size = id ? kernel_->size(*id) : Result<std::uint64_t>(0);
  if (!size || *size == 0 || *size > largest) return;
  kind.size = *size;
  kind.summary = btf::Decoder::compile_summary(kernel_, *id, limits_);
}

void KernelObjects::learn() {
  task_ = {.type = "task_struct", .why = "it is on the list of its process's threads"};
  group_ = {.type = "cgroup", .why = "its directory in cgroupfs leads back to it"};
  mask_ = {.type = "bpf_cpumask", .why = "the allocator of CPU masks has marked it, and it is referenced"};
  for (Kind* const kind : {&task_, &group_, &mask_}) size_up(*kind);
  of_task_ = links_of_task(), of_group_ = links_of_cgroup(), of_masks_ = hints_of_masks();
  directory_ = directory_of_group();
}

bool KernelObjects::leads_back(const std::optional<Links>& links, std::uint64_t address) {
  if (!links) return false;
  const auto there = reader_.get<std::uint64_t>(address + links->link);
  if (there.value_or(0) == 0 || *there == address + links->to) return false; // an empty list leads to itself
  if (reader_.get<std::uint64_t>(*there + links->back) != address + links->to) return false;
  if (!links->leader) return true;
  const auto leader = reader_.get<std::uint64_t>(address + *links->leader);
  return leader.value_or(0) != 0 && reader_.get<std::uint64_t>(*leader + *links->leader) == *leader;
}

bool KernelObjects::is_marked(std::uint64_t address) {
  if (!of_masks_) return false;
  const auto hint = reader_.get<std::uint64_t>(address - sizeof(std::uint64_t));
  if (!hint || std::ranges::find(of_masks_->per_cpu, *hint) == of_masks_->per_cpu.end()) return false;
  return reader_.get<std::int32_t>(address + of_masks_->usage).value_or(0) > 0;
}

/// The root has no name.
std::string KernelObjects::path_of(std::uint64_t node) {
  constexpr int deepest = 64;
  constexpr std::size_t longest = 256; // NAME_MAX and its end
  std::string path;
  for (int depth = 0; depth < deepest; ++depth) {
    const auto parent = reader_.get<std::uint64_t>(node + directory_->parent);
    if (!parent) return "";
    if (*parent == 0) return path.empty() ? "/" : path;
    const auto name = reader_.get<std::uint64_t>(node + directory_->name);
    const std::string text = name ? reader_.text(*name, longest) : "";
    if (text.empty()) return "";
    path.insert(0, "/" + text);
    node = *parent;
  }
  return "";
}

std::optional<KernelObjects::Group> KernelObjects::group(std::uint64_t address) {
  const auto node = directory_ ? reader_.get<std::uint64_t>(address + directory_->kn) : std::nullopt;
  const auto id = node ? reader_.get<std::uint64_t>(*node + directory_->id) : std::nullopt;
  if (!id) return std::nullopt;
  return Group{*id, path_of(*node)};
}

/// The allocator marks a mask for as long as it is one. Tasks and groups leave their lists before they are
/// freed.
bool KernelObjects::proves_all(std::string_view type) {
  if (!std::exchange(is_learned_, true)) learn();
  return mask_.summary && of_masks_ && type == mask_.type;
}

const KernelObjects::Kind* KernelObjects::at(std::uint64_t address) {
  constexpr std::uint64_t alignment = 8;
  if (address % alignment != 0) return nullptr;
  if (!std::exchange(is_learned_, true)) learn();
  if (task_.summary && leads_back(of_task_, address)) return &task_;
  if (group_.summary && leads_back(of_group_, address)) return &group_;
  if (mask_.summary && is_marked(address)) return &mask_;
  return nullptr;
}

} // namespace mapscope::report
