// SPDX-License-Identifier: Apache-2.0
// Elements as rows of the report, each as its map's type has them.
#include "host/pipeline/lookup_taker.hpp"

#include "host/pipeline/lookup_fields.hpp"
#include "host/pipeline/lookup_prefix.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <linux/bpf.h>

namespace mapscope::pipeline {

namespace {

using lookup::Element;
using report::Row;
using report::Shape;

class Rows : public LookupTaker {
public:
  using LookupTaker::LookupTaker;

protected:
  void put(const Row& row) { writer_.row(row); }
  /// Opens the row that fields follow.
  LookupFields open(Row row) {
    row.open = true;
    writer_.row(row);
    return LookupFields(writer_);
  }
  [[nodiscard]] Row entry(const Element& element) const {
    Row row;
    row.key = values_.key(element.key), row.value = values_.value(element.value);
    return row;
  }
};

class Entries : public Rows {
public:
  using Rows::Rows;

private:
  void show(const Element& element) override { put(entry(element)); }
};

/// Arrays: the first element is the value, and they are all listed where there are more.
class Elements final : public Rows {
public:
  using Rows::Rows;

private:
  static constexpr std::size_t most_shown = 16U << 20; ///< bytes of one element; the kernel allows 2 GiB

  void show(const Element& element) override {
    const std::size_t bytes = std::min(element.value.size(), most_shown);
    Row row;
    row.value = values_.value(element.value.first(bytes));
    if (bytes < element.value.size() && cuts_.empty())
      cuts_.push_back(fmt::format("the first {} of {} bytes are shown", bytes, element.value.size()));
    std::memcpy(&row.index, element.key.data(), std::min(element.key.size(), sizeof row.index));
    if (row.index == 0) row.shape = Shape::value, put(row);
    if (map_.max_entries == 1) return;
    row.shape = Shape::element, put(row);
  }
};

/// Copies of all possible CPUs, of an array or a hash.
class PerCpu : public Rows {
public:
  using Rows::Rows;

protected:
  [[nodiscard]] Row copies_of(const Element& element) {
    const auto& possible = context_.listing.cpus.possible;
    copies_.assign(context_.listing.cpus.count(), std::nullopt);
    const std::size_t stride = element.value.size() / possible.size();
    for (std::size_t i = 0; i < possible.size(); ++i)
      copies_[possible[i]] = values_.value(element.value.subspan(i * stride, map_.value_size));
    Row row;
    row.shape = access_.is_array ? Shape::percpu_element : Shape::percpu_entry;
    row.copies = copies_;
    if (access_.is_array)
      std::memcpy(&row.index, element.key.data(), std::min(element.key.size(), sizeof row.index));
    else
      row.key = values_.key(element.key);
    return row;
  }

private:
  void show(const Element& element) override { put(copies_of(element)); }

  std::vector<std::optional<report::Typed>> copies_;
};

class Prefixes final : public Rows {
public:
  Prefixes(const LookupContext& context, const catalog::Map& map, const lookup::Access& access,
           report::MapWriter& writer)
      : Rows(context, map, access, writer), kind_(prefix_kind(map)) {}

private:
  void show(const Element& element) override {
    auto fields = open(entry(element));
    fields.text("prefix", prefix_text(element.key, kind_));
    if (kind_ == PrefixKind::guess) fields.flag("prefix_is_guess");
    fields.end();
  }

  PrefixKind kind_;
};

class Next final : public Rows {
public:
  using Rows::Rows;

private:
  void show(const Element& element) override {
    Row row;
    row.shape = Shape::queued, row.value = values_.value(element.value);
    put(row);
  }
};

/// Values that belong to a task or a control group, whose address bpf(2) does not tell.
class Storages final : public Rows {
public:
  Storages(const LookupContext& context, const catalog::Map& map, const lookup::Access& access,
           report::MapWriter& writer)
      : Rows(context, map, access, writer) {
    values_.take_owner_key();
  }

private:
  void show(const Element& element) override {
    static constexpr std::array<std::byte, sizeof(std::uint64_t)> not_known{};
    Row row = entry(element);
    row.key = values_.key(not_known);
    auto fields = open(row);
    fields.object("owner");
    if (access_.way == lookup::Way::tasks) {
      fields.signed_number("pid", element.owner->pid), fields.signed_number("tgid", element.owner->tgid);
      fields.text("comm", element.owner->comm);
      if (!element.owner->state.empty()) fields.text("state", element.owner->state);
    } else {
      fields.number("id", element.owner->cgroup), fields.text("path", element.owner->path);
    }
    fields.end();
    fields.end();
  }
};

/// The key is a control group's id, or that and how a program is attached to it.
class CgroupStorages final : public PerCpu {
public:
  CgroupStorages(const LookupContext& context, const catalog::Map& map, const lookup::Access& access,
                 report::MapWriter& writer)
      : PerCpu(context, map, access, writer) {
    const auto& kernel = context.listing.kernel;
    const auto key = kernel ? kernel->find("struct bpf_cgroup_storage_key") : Result<btf::TypeId>(0);
    if (!key || *key == 0) return;
    const bool is_whole = kernel->size(*key).value_or(0) == map.key_size;
    const auto id = kernel->member(*key, "cgroup_inode_id"), attach = kernel->member(*key, "attach_type");
    if (!values_.has_key_type() && (is_whole || id))
      values_.take_key_type(kernel, is_whole ? *key : id->type);
    const auto attach_types = kernel->find("enum bpf_attach_type");
    if (!is_whole || !attach || !attach_types) return;
    attach_type_ = values_.decoder(kernel, *attach_types);
    attach_type_at_ = attach->offset();
  }

private:
  void show(const Element& element) override {
    auto fields = open(access_.per_cpu ? copies_of(element) : entry(element));
    if (attach_type_ && attach_type_at_ + sizeof(std::uint32_t) <= element.key.size())
      fields.typed("attach_type",
                   {attach_type_.get(), element.key.subspan(attach_type_at_, sizeof(std::uint32_t))});
    fields.end();
  }

  std::shared_ptr<const btf::Decoder> attach_type_;
  std::size_t attach_type_at_ = 0;
};

/// struct bpf_insn_array_value, include/uapi/linux/bpf.h.
class Instructions final : public Rows {
public:
  Instructions(const LookupContext& context, const catalog::Map& map, const lookup::Access& access,
               report::MapWriter& writer)
      : Rows(context, map, access, writer) {
    const auto& kernel = context.listing.kernel;
    const auto type = kernel ? kernel->find("struct bpf_insn_array_value") : Result<btf::TypeId>(0);
    if (!type || *type == 0) return;
    values_.take_value_type(kernel, *type);
    if (const auto offset = kernel->member(*type, "xlated_off")) xlated_at_ = offset->offset();
  }

private:
  void show(const Element& element) override {
    Row row;
    row.shape = Shape::element, row.value = values_.value(element.value);
    std::memcpy(&row.index, element.key.data(), std::min(element.key.size(), sizeof row.index));
    auto fields = open(row);
    if (is_deleted(element.value)) fields.flag("deleted");
    fields.end();
  }

  /// INSN_DELETED: the verifier found that the instruction never runs.
  [[nodiscard]] bool is_deleted(std::span<const std::byte> value) const {
    std::uint32_t offset = 0;
    if (!xlated_at_ || *xlated_at_ + sizeof offset > value.size()) return false;
    std::memcpy(&offset, value.data() + *xlated_at_, sizeof offset);
    return offset == UINT32_MAX;
  }

  std::optional<std::size_t> xlated_at_;
};

} // namespace

LookupTaker::LookupTaker(const LookupContext& context, const catalog::Map& map, const lookup::Access& access,
                         report::MapWriter& writer)
    : context_(context), map_(map), access_(access), writer_(writer),
      values_(map, context.listing.kernel.get(), context.limits), time_(context, map),
      limit_(plugin::row_limit(context.config, map.names())) {}

/// Those of an array that are not shown need not be looked at to be counted.
bool LookupTaker::element(const lookup::Element& element) {
  ++seen_;
  const bool is_shown = limit_ == 0 || shown_ < limit_;
  if (is_shown) ++shown_, show({element.key, values_.without_list_heads(element.value), element.owner});
  if (!is_shown && access_.is_array) return seen_ = map_.max_entries, false;
  return !time_.is_spent_after(seen_);
}

bool LookupTaker::goes_on() { return !time_.runs_out(); }

std::unique_ptr<LookupTaker> make_taker(const LookupContext& context, const catalog::Map& map,
                                        const lookup::Access& access, report::MapWriter& writer) {
  const auto make = [&]<class Taker>(std::type_identity<Taker>) -> std::unique_ptr<LookupTaker> {
    return std::make_unique<Taker>(context, map, access, writer);
  };
  switch (map.type) {
  case BPF_MAP_TYPE_ARRAY:
    return make(std::type_identity<Elements>());
  case BPF_MAP_TYPE_LPM_TRIE:
    return make(std::type_identity<Prefixes>());
  case BPF_MAP_TYPE_QUEUE:
  case BPF_MAP_TYPE_STACK:
    return make(std::type_identity<Next>());
  case BPF_MAP_TYPE_CGROUP_STORAGE:
  case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
    return make(std::type_identity<CgroupStorages>());
  default:
    break;
  }
  if (access.way == lookup::Way::tasks || access.way == lookup::Way::cgroups)
    return make(std::type_identity<Storages>());
  if (access.is_array && !access.per_cpu) return make(std::type_identity<Instructions>());
  if (access.per_cpu) return make(std::type_identity<PerCpu>());
  if (auto slots = make_slot_taker(context, map, access, writer)) return slots;
  return make(std::type_identity<Entries>());
}

} // namespace mapscope::pipeline
