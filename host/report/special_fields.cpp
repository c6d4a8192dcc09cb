// SPDX-License-Identifier: Apache-2.0
#include "host/report/special_fields.hpp"

#include "host/catalog/families.hpp"
#include "host/target/target.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <fmt/format.h>

namespace mapscope::report {

using btf::Special;
using btf::SpecialField;
using Bytes = std::span<const std::byte>;

namespace {

constexpr std::uint64_t largest_object = 64U << 10; ///< that is read behind a pointer

} // namespace

SpecialFields::SpecialFields(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
                             std::shared_ptr<const btf::Types> own, const catalog::CodeSymbols* symbols,
                             const btf::Limits& limits, const Following& following)
    : target_(target), kernel_(std::move(kernel)), symbols_(symbols), limits_(limits),
      reader_(target.reader()), pointers_(target, kernel_, std::move(own), following, limits, *this),
      code_(symbols),
      casts_(target, kernel_, symbols,
             following.families != nullptr ? following.families->evidence() : nullptr, pointers_, limits) {}

std::optional<std::uint64_t> SpecialFields::offset(const char* type, const char* member) const {
  const auto found = kernel_->offset_of(type, member);
  return found ? std::optional(*found) : std::nullopt;
}

void SpecialFields::state(const SpecialField& field, Bytes bytes, const btf::Types& types,
                          btf::Progress& progress, btf::ValueVisitor& out) {
  switch (field.kind) {
  case Special::spin_lock:
    return out.fact("locked", load_at<std::uint32_t>(bytes, 0).value_or(0) != 0);
  case Special::refcount:
    return out.fact("count", std::uint64_t{load_at<std::uint32_t>(bytes, 0).value_or(0)});
  case Special::graph_node: // its last member is the root that owns it, since 6.4
    return out.fact("linked", load_at<std::uint64_t>(bytes, bytes.size() - 8).value_or(0) != 0);
  case Special::timer:
    return timer(bytes, out);
  case Special::workqueue:
    return workqueue(bytes, out);
  case Special::task_work:
    return task_work(bytes, out);
  case Special::list_head:
    return list(field, bytes, types, progress, out);
  case Special::rb_root:
    return tree(field, bytes, types, progress, out);
  default:
    return;
  }
}

void SpecialFields::pointer(const SpecialField& field, std::uint64_t value, const btf::Types& types,
                            btf::Progress& progress, btf::ValueVisitor& out) {
  if (field.kind == Special::plain || field.kind == Special::arena)
    return pointers_.show(field, value, types, progress, out);
  if (field.kind == Special::function) return code_.show(value, out);
  if (value == 0) return out.pointer(value);
  out.begin_pointer(value);
  const Pointee& behind = pointee(field, types);
  if (behind.decoder == nullptr)
    out.fact("deref_skipped_reason", std::string_view(behind.problem));
  else if (field.kind == Special::percpu_kptr)
    per_cpu(behind, value, progress, out);
  else
    follow(behind, value, progress, out);
  out.end_pointer();
}

void SpecialFields::follow(const Pointee& pointee, std::uint64_t address, btf::Progress& progress,
                           btf::ValueVisitor& out) {
  std::string reason;
  if (is_open(address))
    reason = fmt::format("cycle to {:#x}", address);
  else if (progress.depth >= limits_.depth)
    reason = fmt::format("nested {} deep, not followed", progress.depth), progress.cuts.depth = true;
  else if (progress.left == 0)
    reason = fmt::format("more than {} values; not followed", limits_.nodes), progress.cuts.nodes = true;
  else if (std::vector<std::byte> probe(pointee.size); reader_.read(address, probe) != target::Fault::none)
    reason = "the memory there is not in the snapshot", lacks_memory_ = true;
  if (reason.empty()) reason = pointers_.withholds(pointee.size);
  if (!reason.empty()) return out.fact("deref_skipped_reason", std::string_view(reason));
  out.deref();
  object(pointee, address, progress, out);
}

bool SpecialFields::object(const Pointee& pointee, std::uint64_t address, btf::Progress& progress,
                           btf::ValueVisitor& out) {
  std::vector<std::byte> bytes(pointee.size);
  if (is_open(address)) return false;
  if (reader_.read(address, bytes) != target::Fault::none) {
    lacks_memory_ = true;
    return false;
  }
  open_.push_back(address);
  pointee.decoder->decode(bytes, out, progress);
  open_.pop_back();
  return true;
}

/// The kptr points to a slot; what the slot holds is the per-CPU pointer (bpf_percpu_obj_new()).
void SpecialFields::per_cpu(const Pointee& pointee, std::uint64_t slot, btf::Progress& progress,
                            btf::ValueVisitor& out) {
  const auto base = load<std::uint64_t>(slot);
  if (!base)
    return out.fact("deref_skipped_reason", std::string_view("the memory there is not in the snapshot"));
  out.begin_values("per_cpu");
  for (std::uint32_t cpu = 0; cpu < target_.per_cpu().count(); ++cpu) {
    const auto offset = target_.per_cpu().offset(cpu);
    if (!offset || !object(pointee, *base + *offset, progress, out)) out.null();
  }
  out.end_values();
}

const SpecialFields::Pointee& SpecialFields::pointee(const SpecialField& field, const btf::Types& types) {
  const std::tuple key(field.kind, &types, field.target);
  const auto known = pointees_.find(key);
  if (known != pointees_.end()) return known->second;
  return pointees_.emplace(key, find_pointee(field, types)).first->second;
}

/// As the kernel finds it (btf_parse_kptr(), kernel/bpf/btf.c): the kernel's own type of that name, else the
/// program's.
SpecialFields::Pointee SpecialFields::find_pointee(const SpecialField& field, const btf::Types& types) {
  const auto own = pointers_.owner(types);
  if (!own || field.target == 0) return {nullptr, 0, "its type is not known"};
  const btf::TypeId target = types.peel(field.target);
  const bool may_be_kernel = field.kind == Special::kptr;
  if (const auto known = may_be_kernel ? kernel_->find(types.spell(target)) : Result<btf::TypeId>(0);
      known && *known != 0)
    return kernel_pointee(*known);
  return pointee_of(own, target);
}

SpecialFields::Pointee SpecialFields::pointee_of(const std::shared_ptr<const btf::Types>& types,
                                                 btf::TypeId type) {
  const auto size = types->size(type);
  if (!size) return {nullptr, 0, size.error().text};
  if (*size == 0 || *size > largest_object) return {nullptr, 0, fmt::format("it has {} bytes", *size)};
  return {btf::Decoder::compile(types, type, limits_, this), *size, ""};
}

/// A kernel object is not the program's data: what says which one it is, is shown, its insides are not.
SpecialFields::Pointee SpecialFields::kernel_pointee(btf::TypeId type) {
  btf::Limits shallow = limits_;
  shallow.elements = 64;
  const auto size = kernel_->size(type);
  if (!size) return {nullptr, 0, size.error().text};
  if (*size == 0 || *size > largest_object) return {nullptr, 0, fmt::format("it has {} bytes", *size)};
  return {btf::Decoder::compile_summary(kernel_, type, shallow), *size, ""};
}

} // namespace mapscope::report
