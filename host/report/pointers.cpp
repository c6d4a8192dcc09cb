// SPDX-License-Identifier: Apache-2.0
#include "host/report/pointers.hpp"

#include "host/btf/flavour.hpp"
#include "host/catalog/arena_globals.hpp"
#include "host/catalog/families.hpp"
#include "host/catalog/type_places.hpp"
#include "host/target/target.hpp"

#include "host/btf/cpu_ranges.hpp"
#include "host/report/slot_parts.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <fmt/compile.h>
#include <fmt/format.h>

namespace mapscope::report {

namespace {

constexpr std::string_view not_in_dump = "the memory there is not in the snapshot";

/// The masks that sched_ext schedulers keep pointers to (include/linux/cpumask_types.h,
/// kernel/bpf/cpumask.c): their words come first, as many as there are CPUs.
bool is_cpu_mask(const btf::Types& types, btf::TypeId type) {
  const std::string_view name = types.name_of(type);
  return name == "cpumask" || name == "bpf_cpumask";
}

bool is_record(const btf::Types& types, btf::TypeId type) {
  const btf_type* record = types.type(type);
  return record != nullptr && (btf_is_struct(record) || btf_is_union(record) || btf_is_fwd(record));
}

/// Where a struct has pointers to its like.
std::vector<std::uint64_t> links_of(const btf::Types& types, btf::TypeId record) {
  std::vector<std::uint64_t> links;
  for (std::uint32_t i = 0; const auto member = types.member_at(record, i); ++i) {
    const btf_type* pointer = types.type(types.peel(member->member.type));
    if (pointer != nullptr && btf_is_ptr(pointer) && types.peel(pointer->type) == record)
      links.push_back(member->member.offset());
  }
  return links;
}

/// The members that tell people which of its like an object is, first what tells most.
std::vector<btf::NamedMember> names_of(const btf::Types& types, btf::TypeId record) {
  constexpr std::string_view names[] = {"comm", "name", "pid", "tid", "tgid", "id", "idx", "cpu"};
  std::vector<btf::NamedMember> members;
  for (const std::string_view name : names)
    if (const auto member = types.member(record, name)) members.push_back({name, *member});
  return members;
}

/// Local storage: what a row points to belongs to the task, cgroup, inode or socket that owns the row.
bool is_storage(const catalog::Map& map) {
  constexpr std::string_view types[] = {"task_storage", "cgrp_storage", "inode_storage", "sk_storage"};
  return std::ranges::find(types, map.type_name) != std::end(types);
}

} // namespace

Pointers::Pointers(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
                   std::shared_ptr<const btf::Types> own, const Following& following,
                   const btf::Limits& limits, btf::Behind& behind)
    : kernel_(std::move(kernel)), own_(std::move(own)), following_(following), limits_(limits),
      behind_(behind), reader_(target.reader()),
      is_of_rows_(following.flat && following.map != nullptr && is_storage(*following.map)),
      left_(limits.nodes) {
  if (following.families != nullptr && following.map != nullptr)
    arenas_ = following.families->arenas_of(*following.map);
  lacks_arena_ = arenas_.empty() && following.families != nullptr && following.families->lacks_uses();
}

bool Pointers::follows(const btf::Types& types, btf::TypeId target) const {
  if (!arenas_.empty() || lacks_arena_) return target != 0 || following_.slots != nullptr;
  return is_cpu_mask(types, target) || (following_.typed_kernel && is_record(types, target));
}

Pointers::Pointee Pointers::unknown(std::string problem) {
  Pointee pointee;
  pointee.problem = std::move(problem);
  return pointee;
}

void Pointers::reason(std::uint64_t value, std::string_view text, btf::ValueVisitor& out,
                      std::string_view slot) {
  if (text.empty()) return out.pointer(value);
  out.begin_pointer(value);
  if (!slot.empty()) out.fact("slot", slot);
  out.fact("deref_skipped_reason", text);
  out.end_pointer();
}

/// What is shown in another place, by what it is called.
void Pointers::known(std::uint64_t value, std::string_view name, btf::ValueVisitor& out) {
  out.begin_pointer(value);
  out.fact("known_as", name);
  out.end_pointer();
}

Pointers::Spot Pointers::spot_of(std::uint64_t value, bool is_typed) const {
  Spot spot;
  spot.address = value;
  for (const catalog::Arena* arena : arenas_) {
    if (!arena->holds(value, is_typed)) continue;
    if (spot.arena != nullptr) {
      spot.problem = fmt::format("it may lead into the arena {} or into {}", spot.arena->name, arena->name);
      break;
    }
    spot.arena = arena;
    spot.address = arena->kernel_address(value);
    spot.is_doubtful = arena->is_doubtful(value, is_typed);
  }
  return spot;
}

bool Pointers::may_be_of_lost_arena(std::uint64_t value, bool is_typed) const {
  if (!lacks_arena_) return false;
  return is_typed || std::ranges::any_of(following_.families->arenas(), [&](const catalog::Arena& arena) {
           return arena.holds(value, false);
         });
}

void Pointers::show(const btf::SpecialField& field, std::uint64_t value, const btf::Types& types,
                    btf::Progress& progress, btf::ValueVisitor& out) {
  if (value == 0) return out.pointer(value);
  const bool is_arenas = field.kind == btf::Special::arena;
  if (may_be_of_lost_arena(value, is_arenas))
    return reason(value, "its arena is not known: which maps a program uses could not be read", out);
  const Spot spot = spot_of(value, is_arenas);
  const btf::TypeId target = types.peel(field.target);
  if (spot.arena != nullptr && !spot.problem.empty()) return reason(value, spot.problem, out);
  if (spot.arena != nullptr) {
    if (const auto name = variable_at(*spot.arena, value, types, target); !name.empty())
      return known(value, name, out);
    const Pointee& own = pointee(target, types);
    const auto found =
        following_.slots != nullptr ? following_.slots->find(*spot.arena, value) : std::nullopt;
    if (found && slot(*found, own, value, spot, progress, out)) return;
    return object(own, value, spot, progress, out);
  }
  if (!reader_.space().translator->is_kernels(value))
    return out.pointer(value); // of a process, or no pointer at all
  if (is_cpu_mask(types, target)) return cpu_mask(value, progress, out);
  if (!following_.typed_kernel || !is_record(types, target)) return out.pointer(value);
  object(kernel_pointee(target, types), value, spot, progress, out);
}

/// A variable of the programs, where the report shows it with the others.
std::string Pointers::variable_at(const catalog::Arena& arena, std::uint64_t value, const btf::Types& types,
                                  btf::TypeId target) const {
  const bool is_shown = following_.flat && following_.shown_arenas != nullptr &&
                        std::ranges::binary_search(*following_.shown_arenas, arena.map);
  const bool is_own = is_shown && arena.globals && arena.globals->types.get() == &types;
  return is_own ? catalog::global_at(arena, value, target) : "";
}

namespace {

std::string name_of(const SlotIndex::Found& found) {
  return fmt::format(FMT_COMPILE("slot {} of {}"), found.slot->idx, found.pool->allocator);
}

} // namespace

/// What an allocator says of a place goes before the pointer's own type. False when the two agree, and that
/// type is all there is.
bool Pointers::slot(const SlotIndex::Found& found, const Pointee& own, std::uint64_t value, const Spot& spot,
                    btf::Progress& progress, btf::ValueVisitor& out) {
  const auto say = [&](const std::string& text) { return reason(value, name_of(found) + text, out), true; };
  if (!found.slot->live) return say(", which is free");
  if (found.slot == beside_) return say(", shown as the payload of this entry");
  if (following_.lists_slots) return say("");
  const bool is_believed = own.decoder != nullptr && may_be_in_slot(found, *own.types, own.type);
  const bool at_front = found.offset == 0 || found.offset == found.pool->header;
  if (!at_front) return is_believed ? false : say(fmt::format(", {} bytes into it", found.offset));
  const Pointee& typed = payload(*found.pool);
  if (typed.decoder == nullptr) return is_believed ? false : say(", whose type is not known");
  Spot inside = spot;
  inside.address = spot.arena->kernel_address(std::uint64_t{found.slot->address} + found.pool->header);
  object(typed, value, inside, progress, out, name_of(found));
  return true;
}

const Pointers::Pointee& Pointers::payload(const SlotPool& pool) {
  constexpr std::uint64_t largest = 64U << 10;
  const auto known = payloads_.find(&pool);
  if (known != payloads_.end()) return known->second;
  Pointee pointee = pool.payload.types ? compiled(pool.payload.types, pool.payload.id) : unknown(pool.reason);
  const std::uint64_t room = pool.stride - std::min<std::uint64_t>(pool.stride, pool.header);
  if (pointee.decoder != nullptr)
    pointee.size = std::min({pool.payload.types->size(pool.payload.id).value_or(0), room, largest});
  return payloads_.emplace(&pool, std::move(pointee)).first->second;
}

const catalog::Arena* Pointers::arena_at(std::uint64_t number) const {
  const Spot spot = spot_of(number, false);
  return spot.arena != nullptr && spot.problem.empty() && !spot.is_doubtful ? spot.arena : nullptr;
}

std::optional<SlotIndex::Found> Pointers::slot_at(std::uint64_t pointer) const {
  if (following_.slots == nullptr || following_.slots->pools().empty()) return std::nullopt;
  const Spot spot = spot_of(pointer, false);
  if (spot.arena == nullptr || !spot.problem.empty()) return std::nullopt;
  return following_.slots->find(*spot.arena, pointer);
}

/// Of an object that is shown in another place: where that is; "" of all others.
std::string Pointers::elsewhere(const Link& link) {
  const bool is_open = std::ranges::count(open_, link.spot.address, &Open::address) != 0;
  const auto before = shown_.find({link.spot.address, link.pointee->types, link.pointee->type});
  const bool is_list =
      following_.flat && !is_of_rows_; // whose objects stand in it, wherever else they are met
  const bool is_shown = before != shown_.end() && (before->second.direct || !open_.empty() || is_list);
  if (!is_open && !is_shown) return "";
  if (is_open) return fmt::format("cycle to {:#x}", link.value);
  return before->second.list.empty()
             ? "shown already"
             : fmt::format("shown already, under {}[{}]", before->second.list, before->second.index);
}

/// "" when the object is to be shown.
std::string Pointers::refusal(btf::Progress& progress) {
  if (progress.depth >= limits_.depth) {
    progress.cuts.depth = true;
    return fmt::format("nested {} deep, not followed", progress.depth);
  }
  return left_ != 0 && progress.left != 0 ? "" : spent();
}

std::string Pointers::spent() {
  ++left_out_;
  return fmt::format("{}more than {} values lie behind pointers (report.nodes)", btf::not_followed,
                     limits_.nodes);
}

std::string Pointers::withholds(std::uint64_t size) {
  if (following_.inside != 0 && objects_ >= following_.inside) {
    ++withheld_;
    return fmt::format("{}report.inside is {}", btf::not_followed, following_.inside);
  }
  if (following_.bytes != 0 && size > following_.bytes - bytes_) { // which it never exceeds
    ++beyond_bytes_;
    return fmt::format("{}budget.bytes is {}", btf::not_followed, following_.bytes);
  }
  ++objects_, bytes_ += size;
  return "";
}

std::vector<std::string> Pointers::cuts() const {
  std::vector<std::string> list;
  if (withheld_ != 0)
    list.push_back(fmt::format("objects not shown: {}; more than {} lie behind the pointers of one entry "
                               "(--set report.inside=0 shows more)",
                               withheld_, following_.inside));
  if (beyond_bytes_ != 0)
    list.push_back(fmt::format("objects not shown: {}; more than {} bytes lie behind pointers (budget.bytes)",
                               beyond_bytes_, following_.bytes));
  if (left_out_ != 0)
    list.push_back(fmt::format("{} pointers are not followed: more than {} values lie behind those before "
                               "(report.nodes)",
                               left_out_, limits_.nodes));
  return list;
}

void Pointers::object(const Pointee& pointee, std::uint64_t value, const Spot& spot, btf::Progress& progress,
                      btf::ValueVisitor& out, std::string_view slot) {
  if (pointee.decoder == nullptr) return reason(value, spot.is_doubtful ? "" : pointee.problem, out);
  const Link here{value, spot, &pointee, std::string(slot)};
  if (const auto where = elsewhere(here); !where.empty()) {
    const std::string is = identity(here);
    return is.empty() ? reason(value, where, out) : known(value, is, out);
  }
  if (Open* const chain = chain_of(pointee, progress); chain != nullptr)
    return link(*chain, here, progress, out);
  if (const auto why = refusal(progress); !why.empty()) return reason(value, why, out);
  if (const auto why = withholds(pointee.size); !why.empty()) return reason(value, why, out, slot);
  std::vector<std::byte> bytes;
  if (const auto why = read_object(here, bytes); bytes.empty()) return reason(value, why, out);
  out.begin_pointer(value);
  if (!slot.empty()) out.fact("slot", slot);
  out.deref();
  open_.push_back({spot.address, value, &pointee});
  decode(pointee, spot.address, bytes, progress, out);
  show_chain(progress, out);
  open_.pop_back();
  out.end_pointer();
}

/// As much of it as there is; where there is nothing, why, if that is worth a word.
std::string Pointers::read_object(const Link& link, std::vector<std::byte>& bytes) {
  bytes.resize(link.pointee->size);
  target::Fault fault{};
  bytes.resize(read(link.spot, bytes, &fault));
  lacks_memory_ = lacks_memory_ || fault == target::Fault::not_in_dump;
  if (!bytes.empty()) return "";
  if (fault != target::Fault::unmapped) return std::string(not_in_dump);
  return link.spot.is_doubtful ? "" : "nothing is mapped there";
}

/// What lies behind pointers has a budget of its own, which is the map's: the members behind a pointer, in
/// the value and in each object, are shown however much that leads to.
void Pointers::decode(const Pointee& pointee, std::uint64_t address, std::span<const std::byte> bytes,
                      btf::Progress& progress, btf::ValueVisitor& out) {
  btf::Progress inner{.left = left_, .depth = progress.depth};
  const std::uint64_t before = inner.left;
  pointee.decoder->decode(bytes, out, inner);
  left_ -= std::min(left_, before - inner.left); // beside what its own pointers used
  progress.cuts.add(inner.cuts);
  // What was cut short here may be shown whole from where there is more room for it.
  if (!inner.cuts.depth && !inner.said)
    shown_[{address, pointee.types, pointee.type}] = {std::string(list_), index_, open_.size() == 1};
}

std::size_t Pointers::read(const Spot& spot, std::span<std::byte> to, target::Fault* fault) {
  if (spot.arena == nullptr) return reader_.read_some(spot.address, to, fault);
  return catalog::read_arena(reader_, *spot.arena, spot.address, to, fault);
}

/// Bits beyond the CPUs there are were never anybody's, and the memory may end with the last that counts.
void Pointers::cpu_mask(std::uint64_t value, btf::Progress& progress, btf::ValueVisitor& out) {
  constexpr std::uint32_t unknown = 1024;
  const std::uint32_t cpus = limits_.cpus != 0 ? limits_.cpus : unknown;
  std::vector<std::byte> words((std::size_t{cpus} + 63) / 64 * 8);
  if (progress.depth >= limits_.depth) {
    progress.cuts.depth = true;
    return reason(value, "nested too deep, not followed", out);
  }
  const auto fault = reader_.read(value, words);
  lacks_memory_ = lacks_memory_ || fault == target::Fault::not_in_dump;
  if (fault == target::Fault::unmapped) return reason(value, "nothing is mapped there", out);
  if (fault != target::Fault::none) return reason(value, not_in_dump, out);
  progress.left -= std::min<std::uint64_t>(progress.left, 1 + words.size() / 64);
  std::string ranges;
  btf::write_cpu_ranges(ranges, words, limits_.cpus);
  out.begin_pointer(value);
  out.deref();
  out.cpu_list(ranges);
  out.end_pointer();
}

std::shared_ptr<const btf::Types> Pointers::owner(const btf::Types& types) const {
  const auto in = [&](const catalog::TypeObjects& objects) {
    const auto found = std::ranges::find(objects, &types, [](const auto& object) { return object.get(); });
    return found != objects.end() ? *found : nullptr;
  };
  if (&types == own_.get()) return own_;
  if (following_.given_types != nullptr)
    if (auto given = in(*following_.given_types)) return given;
  if (following_.families == nullptr || following_.map == nullptr) return nullptr;
  return in(following_.families->types_of(*following_.map));
}

/// In the objects of the family; else in given files, which are for what programs do not carry.
catalog::TypeRef Pointers::definition(const std::string& spelled) const {
  if (following_.families != nullptr && following_.map != nullptr)
    if (auto known = following_.families->definition(*following_.map, spelled); known.types) return known;
  if (following_.given_types == nullptr) return {};
  return catalog::find_type(*following_.given_types, spelled).type;
}

const Pointers::Pointee& Pointers::pointee(btf::TypeId target, const btf::Types& types) {
  const std::pair key(&types, target);
  const auto known = pointees_.find(key);
  if (known != pointees_.end()) return known->second;
  return pointees_.emplace(key, find_pointee(target, types)).first->second;
}

/// What is only declared here may be defined in another object of the family.
Pointers::Pointee Pointers::find_pointee(btf::TypeId target, const btf::Types& types) {
  const btf_type* type = types.type(target);
  if (type == nullptr) return {}; // void
  const auto own = owner(types);
  if (!own) return unknown("its type is not known");
  if (!btf_is_fwd(type)) return compiled(own, target);
  const std::string name = types.spell(target);
  const auto defined = definition(name);
  if (defined.types) return compiled(defined.types, defined.id);
  return unknown(fmt::format("{} is declared and nowhere defined", name));
}

Pointers::Pointee Pointers::compiled(const std::shared_ptr<const btf::Types>& types, btf::TypeId type) {
  const auto size = types->size(type);
  if (!size) return unknown(size.error().text);
  if (*size == 0) return unknown(fmt::format("{} has no bytes", types->spell(type)));
  return {.decoder = btf::Decoder::compile(types, type, limits_, &behind_),
          .types = types.get(),
          .type = type,
          .size = std::min(*size, most_bytes),
          .problem = "",
          .links = links_of(*types, type),
          .names = names_of(*types, type)};
}

const Pointers::Pointee& Pointers::kernel_pointee(btf::TypeId target, const btf::Types& types) {
  const std::pair key(&types, target);
  const auto known = kernel_pointees_.find(key);
  if (known != kernel_pointees_.end()) return known->second;
  return kernel_pointees_.emplace(key, find_kernel_pointee(target, types)).first->second;
}

/// Of an object of the kernel what says which one it is; its insides are not the program's data.
Pointers::Pointee Pointers::find_kernel_pointee(btf::TypeId target, const btf::Types& types) {
  constexpr std::uint64_t largest = 64U << 10;
  const std::string name = btf::without_flavour(types.spell(target));
  const auto type = kernel_->find(name);
  if (!type) return unknown(fmt::format("the kernel has no {}", name));
  const auto size = kernel_->size(*type);
  if (!size || *size == 0 || *size > largest) return unknown(fmt::format("{} has no size", name));
  return {.decoder = btf::Decoder::compile_summary(kernel_, *type, limits_),
          .types = kernel_.get(),
          .type = *type,
          .size = *size,
          .problem = "",
          .names = names_of(*kernel_, *type)};
}

} // namespace mapscope::report
