// SPDX-License-Identifier: Apache-2.0
#include "host/report/casts.hpp"

#include "host/base/counted.hpp"
#include "host/catalog/arenas.hpp"
#include "host/catalog/code_symbols.hpp"
#include "host/catalog/flow/number_evidence.hpp"
#include "host/report/slot_parts.hpp"
#include "host/target/target.hpp"

#include <fmt/format.h>

namespace mapscope::report {

namespace {

constexpr std::uint64_t largest_shown = 64U << 10; ///< bytes

/// Counts and small negative numbers: no kernel has anything in its last 2 MiB, where errors are
/// (Documentation/arch/x86/x86_64/mm.rst, arch/arm64/memory.rst).
bool is_small(std::uint64_t value) {
  constexpr std::uint64_t last = ~std::uint64_t{0} - (2U << 20) + 1;
  return value >> 32 == 0 || value >= last;
}

std::string with_offset(std::string name, std::uint64_t offset) {
  return offset == 0 ? name : fmt::format("{}+{:#x}", name, offset);
}

/// Both readings, where the numbers of a member do not agree.
std::string why_of(std::string why, const Columns::Claim& claim) {
  if (claim.others == 0) return why;
  return fmt::format("{}; of {} of this member {} no such thing", why,
                     counted(claim.values + claim.others, "number"),
                     claim.others == 1 ? "1 is" : fmt::format("{} are", claim.others));
}

} // namespace

Casts::Casts(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
             const catalog::CodeSymbols* symbols, const catalog::NumberEvidence* evidence,
             const Pointers& pointers, const btf::Limits& limits)
    : kernel_(std::move(kernel)), target_(target), symbols_(symbols), evidence_(evidence),
      pointers_(pointers), limits_(limits), reader_(target.reader()), objects_(target, kernel_, limits),
      code_end_(target.symbols().find("_etext")) {}

Casts::Reading Casts::read(const btf::Number& number) {
  Reading found = read(number.value);
  const bool may_be_told = evidence_ != nullptr && !is_small(number.value);
  const auto* const claim = may_be_told ? evidence_->of(number) : nullptr;
  if (claim == nullptr || !is_there(number.value, *claim)) return found;
  if (!claim->is_arenas && found.object == nullptr && objects_.proves_all(claim->type)) return found;
  return told(*claim, std::move(found));
}

/// What lies there goes before what programs take it for: where the two differ, both are said.
Casts::Reading Casts::told(const catalog::NumberClaim& claim, Reading found) {
  found.told = &claim;
  Sort& sort = found.sort;
  const bool is_untyped = sort.space.empty() || sort.is_vague || (sort.space == "arena" && sort.what.empty());
  if (is_untyped) {
    sort = {claim.is_arenas ? "arena" : "kernel", claim.type, sort.offset};
    found.why = claim.why;
    found.is_typed_by_programs = true;
  } else if (!claim.type.empty() && claim.type != sort.what) {
    found.why += fmt::format("; programs take it for a {}", claim.type);
  }
  return found;
}

/// Memory, where programs say that an object is.
bool Casts::is_there(std::uint64_t value, const catalog::NumberClaim& claim) {
  constexpr std::uint64_t alignment = 8;
  std::byte byte{};
  target::Fault fault{};
  if (!claim.is_arenas) {
    if (value % alignment != 0 || !reader_.space().translator->is_kernels(value)) return false;
    return reader_.read_some(value, std::span(&byte, 1), &fault) == 1 || fault != target::Fault::unmapped;
  }
  const catalog::Arena* const arena = pointers_.arena_at(value);
  if (arena == nullptr) return false;
  return catalog::read_arena(reader_, *arena, value, std::span(&byte, 1), &fault) == 1 ||
         fault != target::Fault::unmapped;
}

Casts::Reading Casts::read(std::uint64_t value) {
  if (is_small(value)) return {}; // nobody could tell it from a count
  if (!reader_.space().translator->is_kernels(value)) return slot(value);
  for (auto reading : {object(value), slab(value), symbol(value), slot(value)})
    if (!reading.sort.space.empty()) return reading;
  return {};
}

/// At its beginning, or that of its payload.
Casts::Reading Casts::slot(std::uint64_t value) const {
  const auto found = pointers_.slot_at(value);
  if (!found || !found->slot->live || (found->offset != 0 && found->offset != found->pool->header)) return {};
  const auto& payload = found->pool->payload;
  return {.sort = {"arena", payload.types ? payload.types->spell(payload.id) : "", found->offset},
          .why = "a live slot of an allocator begins there",
          .name = fmt::format("slot {} of {}", found->slot->idx, found->pool->allocator)};
}

Casts::Reading Casts::symbol(std::uint64_t value) const {
  const auto symbol = symbols_ != nullptr ? symbols_->at(value) : std::nullopt;
  if (!symbol) return {};
  const bool is_kernels = symbol->module.empty() && symbol->program == 0;
  const bool is_data = is_kernels && code_end_ && value >= *code_end_;
  return {.sort = {is_data ? "kernel" : "text", is_data ? symbol->name : ""},
          .why = is_data ? "a variable of the kernel lies there"
                         : "code of the kernel, a module or a program lies there",
          .name = with_offset(symbol->name, symbol->offset)};
}

Casts::Reading Casts::object(std::uint64_t value) {
  const KernelObjects::Kind* const kind = objects_.at(value);
  if (kind == nullptr) return {};
  return {.sort = {"kernel", kind->type}, .why = kind->why, .is_proven = true, .object = kind};
}

Casts::Reading Casts::slab(std::uint64_t value) {
  if (!slabs_) slabs_.emplace(target_, *kernel_);
  const auto found = slabs_->at(value);
  if (!found) return {};
  const CacheType& type = type_of(*found->cache);
  const bool is_vague = type.name.empty();
  return {.sort = {"kernel", is_vague ? found->cache->name : type.name, found->offset, is_vague},
          .why = fmt::format("{} object of the slab cache {} {} there", found->is_free ? "a free" : "an",
                             found->cache->name, found->offset == 0 ? "begins" : "lies"),
          .slab = found};
}

const Casts::CacheType& Casts::type_of(const catalog::SlabCache& cache) {
  const auto known = types_.find(&cache);
  if (known != types_.end()) return known->second;
  return types_.emplace(&cache, find_type(cache)).first->second;
}

/// A cache that others were merged into holds what its name does not say. What a name says with more words
/// ("kernfs_node_cache") must fit exactly.
Casts::CacheType Casts::find_type(const catalog::SlabCache& cache) const {
  std::string_view name = cache.name;
  constexpr std::string_view ending = "_cache";
  auto id = kernel_->find(fmt::format("struct {}", name));
  const bool is_exact = id.has_value();
  if (!is_exact && name.ends_with(ending)) {
    name.remove_suffix(ending.size());
    id = kernel_->find(fmt::format("struct {}", name));
  }
  const std::uint64_t size = id ? kernel_->size(*id).value_or(0) : 0;
  const bool fits = is_exact ? size <= cache.object_size : size == cache.object_size;
  if (cache.is_shared || size == 0 || !fits || size > largest_shown) return {};
  return {std::string(name), size, btf::Decoder::compile_summary(kernel_, *id, limits_)};
}

std::optional<Columns::Claim> Casts::claim(const btf::Number& number, const Reading& reading) const {
  const Columns::Claim alone{reading.sort, 1, 0};
  const auto found = columns_.claim(number);
  if (!found) return alone;
  if (reading.sort == found->sort) return found->others == 0 || reading.is_proven ? found : std::nullopt;
  if (reading.is_proven) return Columns::Claim{reading.sort, 1, found->values + found->others - 1};
  return reading.sort.is_vague && found->others == 0 ? std::optional(alone) : std::nullopt;
}

bool Casts::show(const btf::Number& number, btf::Progress& progress, btf::ValueVisitor& out) {
  const Reading reading = read(number);
  if (reading.sort.space.empty()) return false;
  const auto claim = this->claim(number, reading);
  if (claim) emit(number.value, reading, *claim, progress, out);
  return claim.has_value();
}

bool Casts::is_number(std::uint64_t value) const {
  if (is_small(value)) return true;
  return !reader_.space().translator->is_kernels(value) && pointers_.arena_at(value) == nullptr &&
         !pointers_.slot_at(value);
}

void Casts::emit(std::uint64_t value, const Reading& reading, const Columns::Claim& claim,
                 btf::Progress& progress, btf::ValueVisitor& out) {
  const auto& [space, what, offset, is_vague] = reading.sort;
  const bool has_type = reading.object != nullptr || space == "arena" || reading.is_typed_by_programs ||
                        (reading.slab && !is_vague);
  const std::string why = why_of(reading.why, claim);
  out.begin_cast(value,
                 {space, has_type ? what : "", why, claim.values,
                  reading.told != nullptr ? std::span(reading.told->at) : std::span<const std::string>()});
  if (!reading.name.empty()) out.fact(space == "arena" ? "slot" : "symbol", std::string_view(reading.name));
  if (reading.object != nullptr && what == "cgroup") emit_group(value, out);
  if (reading.object != nullptr)
    deref(value, reading.object->size, *reading.object->summary, progress, out);
  else if (reading.slab)
    emit_slab(*reading.slab, progress, out);
  const bool is_free = reading.slab && reading.slab->is_free;
  if (reading.is_typed_by_programs && !is_free) emit_told(value, *reading.told, progress, out);
  out.end_cast();
}

/// What its own members do not say: whose it is.
void Casts::emit_group(std::uint64_t address, btf::ValueVisitor& out) {
  const auto group = objects_.group(address);
  if (!group) return;
  out.fact("id", group->id);
  if (!group->path.empty()) out.fact("path", std::string_view(group->path));
}

/// Of a free object the insides are the allocator's.
void Casts::emit_slab(const catalog::SlabObject& slab, btf::Progress& progress, btf::ValueVisitor& out) {
  out.fact("cache", std::string_view(slab.cache->name));
  if (slab.offset != 0) out.fact("offset", slab.offset);
  if (slab.is_free) return out.fact("free", true);
  const CacheType& type = type_of(*slab.cache);
  if (type.summary) deref(slab.address, type.size, *type.summary, progress, out);
}

/// Of an arena's object as much as there is; its own numbers and pointers are not followed.
void Casts::emit_told(std::uint64_t value, const catalog::NumberClaim& claim, btf::Progress& progress,
                      btf::ValueVisitor& out) {
  const auto& [types, id] = claim.pointee;
  const std::uint64_t size = types ? types->size(id).value_or(0) : 0;
  if (size == 0 || size > largest_shown) return;
  auto& decoder = told_[&claim];
  if (!decoder)
    decoder = claim.is_arenas ? btf::Decoder::compile(types, id, limits_)
                              : btf::Decoder::compile_summary(types, id, limits_);
  if (!claim.is_arenas) return deref(value, size, *decoder, progress, out);
  const catalog::Arena* const arena = pointers_.arena_at(value);
  std::vector<std::byte> bytes(std::min(size, largest_shown / 16));
  target::Fault fault{};
  if (arena != nullptr) bytes.resize(catalog::read_arena(reader_, *arena, value, bytes, &fault));
  if (arena == nullptr || bytes.empty()) return;
  out.deref();
  decoder->decode(bytes, out, progress);
}

void Casts::deref(std::uint64_t address, std::uint64_t size, const btf::Decoder& summary,
                  btf::Progress& progress, btf::ValueVisitor& out) {
  std::vector<std::byte> bytes(size);
  if (reader_.read(address, bytes) != target::Fault::none) return;
  out.deref();
  summary.decode(bytes, out, progress);
}

} // namespace mapscope::report
