// SPDX-License-Identifier: Apache-2.0
#include "host/report/casts.hpp"

#include "host/catalog/code_symbols.hpp"
#include "host/report/slot_parts.hpp"
#include "host/target/target.hpp"

#include <fmt/format.h>

namespace mapscope::report {

Casts::Casts(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
             const catalog::CodeSymbols* symbols, const Pointers& pointers, const btf::Limits& limits)
    : kernel_(std::move(kernel)), symbols_(symbols), pointers_(pointers), limits_(limits),
      reader_(target.reader()) {}

/// A thread is on the list of its process (signal_struct.thread_head) until it is gone; list_del_rcu() leaves
/// no way back. The list's head is on it as well, and has no leader.
std::optional<Casts::Proof> Casts::proof_of_task() const {
  const auto next = kernel_->offset_of("struct task_struct", "thread_node.next"),
             node = kernel_->offset_of("struct task_struct", "thread_node"),
             leader = kernel_->offset_of("struct task_struct", "group_leader"),
             prev = kernel_->offset_of("struct list_head", "prev");
  if (!next || !node || !leader || !prev) return std::nullopt;
  return Proof{*next, *prev, *node, *leader};
}

/// kernfs knows a group by its address.
std::optional<Casts::Proof> Casts::proof_of_cgroup() const {
  const auto directory = kernel_->offset_of("struct cgroup", "kn"),
             owner = kernel_->offset_of("struct kernfs_node", "priv");
  if (!directory || !owner) return std::nullopt;
  return Proof{*directory, *owner, 0, std::nullopt};
}

/// Without a size it is as good as not there.
void Casts::size_up(Kind& kind) const {
  constexpr std::uint64_t largest = 64U << 10;
  const auto id = kernel_->find(fmt::format("struct {}", kind.type));
  const auto size = id ? kernel_->size(*id) : Result<std::uint64_t>(0);
  if (!size || *size == 0 || *size > largest) {
    kind.proof.reset();
    return;
  }
  kind.size = *size;
  kind.summary = btf::Decoder::compile_summary(kernel_, *id, limits_);
}

void Casts::learn() {
  kinds_ = {Kind{"task_struct", "it is on the list of its process's threads", proof_of_task()},
            Kind{"cgroup", "its directory in cgroupfs leads back to it", proof_of_cgroup()}};
  for (Kind& kind : *kinds_) size_up(kind);
}

bool Casts::is_proven(const Proof& proof, std::uint64_t address) {
  const auto there = reader_.get<std::uint64_t>(address + proof.link);
  if (there.value_or(0) == 0 || *there == address + proof.to) return false; // an empty list leads to itself
  if (reader_.get<std::uint64_t>(*there + proof.back) != address + proof.to) return false;
  if (!proof.leader) return true;
  const auto leader = reader_.get<std::uint64_t>(address + *proof.leader);
  return leader.value_or(0) != 0 && reader_.get<std::uint64_t>(*leader + *proof.leader) == *leader;
}

bool Casts::show(std::uint64_t value, btf::Progress& progress, btf::ValueVisitor& out) {
  if (value >> 32 == 0) return false; // nobody could tell it from a count
  if (!reader_.space().translator->is_kernels(value)) return slot(value, out);
  return code(value, out) || object(value, progress, out) || slot(value, out);
}

/// At its beginning, or that of its payload.
bool Casts::slot(std::uint64_t value, btf::ValueVisitor& out) const {
  const auto found = pointers_.slot_at(value);
  if (!found || !found->slot->live || (found->offset != 0 && found->offset != found->pool->header))
    return false;
  const auto& payload = found->pool->payload;
  const std::string type = payload.types ? payload.types->spell(payload.id) : "";
  out.begin_cast(value, {"arena", type, "a live slot of an allocator begins there", 1});
  const std::string name = fmt::format("slot {} of {}", found->slot->idx, found->pool->allocator);
  out.fact("slot", std::string_view(name));
  out.end_cast();
  return true;
}

bool Casts::code(std::uint64_t value, btf::ValueVisitor& out) const {
  const auto symbol = symbols_ != nullptr ? symbols_->at(value) : std::nullopt;
  if (!symbol) return false;
  const std::string name =
      symbol->offset == 0 ? symbol->name : fmt::format("{}+{:#x}", symbol->name, symbol->offset);
  out.begin_cast(value, {"text", "", "code of the kernel, a module or a program lies there", 1});
  out.fact("symbol", std::string_view(name));
  out.end_cast();
  return true;
}

bool Casts::object(std::uint64_t value, btf::Progress& progress, btf::ValueVisitor& out) {
  constexpr std::uint64_t alignment = 8;
  if (value % alignment != 0) return false;
  if (!kinds_) learn();
  for (const Kind& kind : *kinds_) {
    if (!kind.proof || !is_proven(*kind.proof, value)) continue;
    std::vector<std::byte> bytes(kind.size);
    if (reader_.read(value, bytes) != target::Fault::none) continue;
    out.begin_cast(value, {"kernel", kind.type, kind.why, 1});
    out.deref();
    kind.summary->decode(bytes, out, progress);
    out.end_cast();
    return true;
  }
  return false;
}

} // namespace mapscope::report
