// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call.hpp"

#include "host/base/glob.hpp"
#include "host/base/utf8.hpp"
#include "host/plugin/options.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <cstring>
#include <fmt/format.h>

namespace {

using namespace mapscope;

constexpr std::size_t largest_read = 256U << 20;
constexpr std::size_t most_notes = 8, longest_note = 400, longest_name = 256;

/// Handles of types: which BTF object in the upper half, the id in the lower.
constexpr msc_type kernel_tag = 1ULL << 32, map_tag = 2ULL << 32, tag_mask = ~0ULL << 32;

const config::MapRule* rule_with(const config::Config& config, const catalog::Map& map, auto has) {
  const auto found = std::ranges::find_if(
      config.maps, [&](const config::MapRule& rule) { return has(rule) && glob_match(rule.glob, map.name); });
  return found != config.maps.end() ? &*found : nullptr;
}

/// The general budget, what a rule for this map says instead, and a plugin's own hint, which can only lower
/// it.
config::Budget budget_for(const config::Config& config, const catalog::Map& map,
                          const plugin::Manifest& manifest) {
  config::Budget budget = config.budget;
  for (auto rule = config.maps.rbegin(); rule != config.maps.rend(); ++rule) {
    if (!glob_match(rule->glob, map.name)) continue;
    budget.ms = rule->budget.ms.value_or(budget.ms);
    budget.entries = rule->budget.entries.value_or(budget.entries);
    budget.read_bytes = rule->budget.read_bytes.value_or(budget.read_bytes);
    budget.emit_bytes = rule->budget.emit_bytes.value_or(budget.emit_bytes);
  }
  budget.ms = std::min(budget.ms, manifest.budget_ms.value_or(budget.ms));
  budget.entries = std::min(budget.entries, manifest.budget_entries.value_or(budget.entries));
  budget.emit_bytes = std::min(budget.emit_bytes, manifest.budget_bytes.value_or(budget.emit_bytes));
  return budget;
}

std::uint64_t limit_for(const config::Config& config, const catalog::Map& map) {
  const auto* rule = rule_with(config, map, [](const config::MapRule& r) { return r.limit.has_value(); });
  return rule != nullptr ? *rule->limit : config.report.limit;
}

std::span<const std::byte> bytes_of(const msc_value& value) {
  return {static_cast<const std::byte*>(value.data), value.data == nullptr ? 0 : value.size};
}

} // namespace

msc_call::msc_call(const plugin::Environment& environment, const catalog::Map& map,
                   const plugin::Choice& choice, report::MapWriter& writer)
    : environment_(environment), map_(map), choice_(choice), writer_(writer),
      reader_(environment.target->space()),
      budget_(budget_for(*environment.config, map, choice.plugin->manifest())),
      limit_(limit_for(*environment.config, map)),
      options_(plugin::option_values(choice.plugin->manifest(), map, *environment.config)) {}

msc_target msc_call::target() const {
  const msc_type untyped = MSC_BYTES;
  return {.size = sizeof(msc_target),
          .attach = choice_.attach,
          .map = map_.kva,
          .map_type = map_.type,
          .map_flags = map_.flags,
          .key_size = map_.key_size,
          .value_size = map_.value_size,
          .max_entries = map_.max_entries,
          .row_limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(limit_, UINT32_MAX)),
          .key_type = map_.types && map_.key_type != 0 ? map_tag | map_.key_type : untyped,
          .value_type = map_.types && map_.value_type != 0 ? map_tag | map_.value_type : untyped};
}

int msc_call::enter() {
  if (std::this_thread::get_id() != thread_) { // nothing else of this object may be touched from here
    bug_ = true;
    return MSC_EINVAL;
  }
  return budget_.call() ? MSC_OK : MSC_STOP;
}

int msc_call::misuse(std::string what) {
  bug_ = true;
  (void)note(MSC_EINVAL, ("plugin bug: " + what).c_str());
  return MSC_EINVAL;
}

int msc_call::read(std::uint32_t space, std::uint64_t address, void* to, std::size_t size) {
  if (size > largest_read) return misuse(fmt::format("read() of {} bytes", size));
  if (!budget_.read(size)) return MSC_STOP;
  if (space >= MSC_CPU0) {
    const auto offset = environment_.target->per_cpu().offset(space - MSC_CPU0);
    if (!offset) return MSC_ENOENT;
    address += *offset;
  } else if (space != MSC_KERNEL) {
    return misuse(fmt::format("read() from address space {}", space));
  }
  target::Fault fault{};
  const std::size_t done = reader_.read_some(address, {static_cast<std::byte*>(to), size}, &fault);
  if (fault == target::Fault::none) return MSC_OK;
  if (!first_fault_) first_fault_.emplace(address + done, fault);
  return MSC_EFAULT;
}

std::uint32_t msc_call::cpu_count() const { return environment_.target->per_cpu().count(); }

std::optional<msc_call::TypeRef> msc_call::resolve(msc_type type) const {
  TypeRef ref;
  if ((type & tag_mask) == kernel_tag) ref.types = environment_.kernel;
  if ((type & tag_mask) == map_tag) ref.types = map_.types;
  ref.id = static_cast<btf::TypeId>(type & ~tag_mask);
  if (!ref.types || ref.types->type(ref.id) == nullptr) return std::nullopt;
  return ref;
}

int msc_call::type_find(std::uint32_t scope, const char* name, msc_type* found) {
  if (scope != MSC_KERNEL_BTF && scope != MSC_MAP_BTF)
    return misuse(fmt::format("type_find() in scope {}", scope));
  const btf::Types* types = scope == MSC_KERNEL_BTF ? environment_.kernel.get() : map_.types.get();
  const std::string_view spelled(name, ::strnlen(name, longest_name));
  const std::size_t dot = spelled.find('.');
  const std::string_view member = dot == spelled.npos ? "" : spelled.substr(dot + 1);
  if (types == nullptr) return MSC_ENOENT;
  for (const btf::TypeId id : types->find_all(spelled.substr(0, dot))) {
    if (!member.empty() && !types->member(id, member)) continue;
    *found = (scope == MSC_KERNEL_BTF ? kernel_tag : map_tag) | id;
    return MSC_OK;
  }
  (void)note(MSC_OK, fmt::format("no {} in the BTF of {}", spelled, types->name()).c_str());
  return MSC_ENOENT;
}

int msc_call::type_size(msc_type type, std::size_t* size) {
  const auto ref = resolve(type);
  if (!ref) return misuse("type_size() of something that is no type");
  const auto found = ref->types->size(ref->id);
  if (!found) return MSC_ENOENT;
  *size = *found;
  return MSC_OK;
}

int msc_call::type_member(msc_type type, const char* path, msc_member* member) {
  const auto ref = resolve(type);
  if (!ref) return misuse("type_member() of something that is no type");
  const auto found = ref->types->member(ref->id, std::string_view(path, ::strnlen(path, longest_name)));
  if (!found || found->bit_offset > UINT32_MAX) {
    (void)note(MSC_OK, found ? "a member too far into its type" : found.error().text.c_str());
    return MSC_ENOENT;
  }
  const msc_type tag = type & tag_mask;
  *member = {tag | found->type, static_cast<std::uint32_t>(found->bit_offset), found->bit_size};
  return MSC_OK;
}

int msc_call::config(const char* key, msc_value* value) {
  const auto found = options_.find(std::string(key, ::strnlen(key, longest_name)));
  if (found == options_.end())
    return misuse(fmt::format("config() of \"{:.32}\", which its manifest does not declare", key));
  *value = {MSC_BYTES, found->second.c_str(), found->second.size()};
  return MSC_OK;
}

int msc_call::count(std::uint64_t more) {
  if (more > UINT64_MAX - counted_) return misuse("count() beyond any map");
  counted_ += more;
  return MSC_OK;
}

int msc_call::note(int rc, const char* text) {
  if (rc == MSC_EFAULT) gaps_ = true;
  const std::string_view spelled(text, ::strnlen(text, longest_note));
  if (notes_.size() < most_notes && std::ranges::find(notes_, spelled) == notes_.end())
    notes_.push_back(valid_utf8(spelled));
  return MSC_OK;
}

bool msc_call::copy_fits(const msc_value& copy) const {
  return copy.data == nullptr || copy.size == map_.value_size;
}

/// "" when the row's sizes are those of the map.
std::string msc_call::row_problem(const msc_row& row) const {
  const bool keyed = row.shape == MSC_ENTRY || row.shape == MSC_PERCPU_ENTRY;
  const bool indexed = row.shape == MSC_ELEMENT || row.shape == MSC_PERCPU_ELEMENT;
  const bool per_cpu = row.shape == MSC_PERCPU_ELEMENT || row.shape == MSC_PERCPU_ENTRY;
  if (row.size != sizeof(msc_row))
    return fmt::format("row() of {} bytes, this interface has {}", row.size, sizeof(msc_row));
  if (row.shape > MSC_PERCPU_ENTRY) return fmt::format("row() of unknown shape {}", row.shape);
  const std::size_t key_size = keyed ? map_.key_size : indexed ? sizeof(std::uint32_t) : 0;
  if (row.key.size != key_size || (key_size != 0 && row.key.data == nullptr))
    return fmt::format("row() with a key of {} bytes, expected {}", row.key.size, key_size);
  if (!per_cpu)
    return copy_fits(row.value) ? ""
                                : fmt::format("row() with a value of {} bytes, the map has {}",
                                              row.value.size, map_.value_size);
  if (row.copy_count > cpu_count() || (row.copy_count != 0 && row.copies == nullptr))
    return fmt::format("row() with {} copies for {} CPUs", row.copy_count, cpu_count());
  const bool fit = std::all_of(row.copies, row.copies + row.copy_count,
                               [&](const msc_value& copy) { return copy_fits(copy); });
  return fit ? "" : fmt::format("row() with a copy that has not the map's {} bytes", map_.value_size);
}

std::shared_ptr<const btf::Decoder> msc_call::declared_decoder(bool is_key) {
  if (!is_key && map_.name.ends_with(".rodata.str1.1")) return btf::Decoder::printable_text();
  const btf::TypeId type = is_key ? map_.key_type : map_.value_type;
  const std::uint32_t declared = is_key ? map_.key_size : map_.value_size;
  if (!map_.types || type == 0) return nullptr;
  const btf_type* peeled = map_.types->type(map_.types->peel(type));
  const auto size = map_.types->size(type);
  const bool is_section = peeled != nullptr && btf_is_datasec(peeled); // its variables say where they end
  if (!is_section && size.value_or(0) != declared) {
    (void)note(MSC_OK,
               fmt::format("the {} type {} does not have the {} bytes the map declares; shown as bytes",
                           is_key ? "key" : "value", map_.types->spell(type), declared)
                   .c_str());
    return nullptr;
  }
  return btf::Decoder::compile(map_.types, type, environment_.limits);
}

const btf::Decoder* msc_call::decoder_for(msc_type type, bool is_key) {
  auto& known = decoders_[is_key ? 1 : 0];
  if (const auto found = known.find(type); found != known.end()) return found->second.get();
  std::shared_ptr<const btf::Decoder> decoder;
  if (type == MSC_DECLARED)
    decoder = declared_decoder(is_key);
  else if (const auto ref = resolve(type))
    decoder = btf::Decoder::compile(ref->types, ref->id, environment_.limits);
  return known.emplace(type, std::move(decoder)).first->second.get();
}

report::Typed msc_call::typed(const msc_value& value, bool is_key) {
  if (value.data == nullptr && map_.value_size != 0)
    ++unreadable_;
  else
    ++readable_;
  return {decoder_for(value.type, is_key), bytes_of(value)};
}

/// What a CPU that is not possible has is no gap.
void msc_call::fill_copies(const msc_row& row) {
  copies_.clear();
  for (std::uint32_t cpu = 0; cpu < row.copy_count; ++cpu) {
    const msc_value& copy = row.copies[cpu];
    const bool possible = environment_.target->per_cpu().offset(cpu).has_value();
    if (copy.data != nullptr)
      copies_.emplace_back(typed(copy, false));
    else
      copies_.emplace_back(std::nullopt);
    if (copy.data == nullptr && possible) ++unreadable_;
  }
}

int msc_call::row(const msc_row& row) {
  if (auto problem = row_problem(row); !problem.empty()) return misuse(std::move(problem));
  if (!budget_.entry()) return MSC_STOP;
  if (row.shape != MSC_VALUE && !shows_another()) {
    ++counted_;
    return MSC_OK;
  }
  if (!budget_.emit(row.key.size + row.value.size + row.copy_count * map_.value_size)) return MSC_STOP;
  report::Row out{
      .shape = static_cast<report::Shape>(row.shape), .key = {}, .index = 0, .value = {}, .copies = {}};
  if (row.shape == MSC_ENTRY || row.shape == MSC_PERCPU_ENTRY)
    out.key = {decoder_for(row.key.type, true), bytes_of(row.key)};
  if (row.shape == MSC_ELEMENT || row.shape == MSC_PERCPU_ELEMENT)
    std::memcpy(&out.index, row.key.data, sizeof out.index);
  if (row.shape == MSC_PERCPU_ELEMENT || row.shape == MSC_PERCPU_ENTRY) {
    fill_copies(row);
    out.copies = copies_;
    // Unreadable copies still need the decoder's type for their place; a row without any copy is an empty
    // list.
  } else {
    out.value = typed(row.value, false);
  }
  if (row.shape == MSC_VALUE)
    has_value_ = true;
  else
    ++rows_;
  writer_.row(out);
  return MSC_OK;
}

std::string msc_call::join_notes() const {
  std::string text;
  for (const std::string& note : notes_) text += (text.empty() ? "" : "; ") + note;
  return text;
}

std::string msc_call::spent_text() const {
  using Kind = plugin::Budget::Kind;
  const auto& limits = budget_.limits();
  switch (budget_.spent()) {
  case Kind::time:
    return fmt::format("stopped after {} ms (budget.ms)", limits.ms);
  case Kind::entries:
    return fmt::format("stopped after {} entries (budget.entries)", limits.entries);
  case Kind::read_bytes:
    return fmt::format("stopped after reading {} bytes (budget.read_bytes)", limits.read_bytes);
  case Kind::emit_bytes:
    return fmt::format("stopped after {} bytes of keys and values (budget.bytes)", limits.emit_bytes);
  case Kind::none:
    break;
  }
  return "";
}

report::Outcome msc_call::finish(int rc) {
  report::Outcome outcome;
  outcome.renderer = choice_.plugin->tag();
  if (rows_ + counted_ != 0 || !has_value_)
    outcome.entry_count = rows_ + counted_;
  else if (unreadable_ == 0)
    outcome.entry_count = 1;
  const auto add = [&](const std::string& text) {
    outcome.error += (outcome.error.empty() || text.empty() ? "" : "; ") + text;
  };
  const bool nothing_read = readable_ == 0;
  const bool gaps = gaps_ || unreadable_ != 0 || rc == MSC_EFAULT;
  if (budget_.spent() != plugin::Budget::Kind::none) {
    outcome.status =
        budget_.spent() == plugin::Budget::Kind::time ? report::Status::timed_out : report::Status::truncated;
    add(spent_text());
  } else if (bug_ || rc == MSC_ENOENT || rc == MSC_EINVAL || rc == MSC_EFAIL || rc < MSC_EFAIL) {
    outcome.status = report::Status::failed;
    add(fmt::format("the plugin gave up (code {})", rc));
  } else if (gaps) {
    outcome.status = nothing_read ? report::Status::unreadable : report::Status::partial;
    if (unreadable_ != 0) add(fmt::format("{} values could not be read", unreadable_));
    if (first_fault_)
      add(fmt::format("first at {:#x}: {}", first_fault_->first, target::fault_text(first_fault_->second)));
  } else if (rc > MSC_OK) {
    outcome.status = report::Status::truncated;
    add("the plugin stopped early");
  }
  if (counted_ != 0) {
    if (outcome.status == report::Status::complete) outcome.status = report::Status::truncated;
    add(fmt::format("{} of {} entries shown; --limit 0 shows all", rows_, rows_ + counted_));
  }
  add(join_notes());
  return outcome;
}
