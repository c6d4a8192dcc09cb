// SPDX-License-Identifier: Apache-2.0
#include "host/report/bpftool_slots.hpp"

#include "host/base/hex.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace mapscope::report {

namespace {

constexpr std::string_view no_entry = "No such file or directory";
constexpr std::string_view not_told = "not in the report";

/// By the member of a slot that a look-up returns, little-endian.
struct Looked {
  std::string_view type, number;
  std::string_view error; ///< of each look-up, in place of a number
  bool skips_empty;       ///< bpftool says nothing of an index without an object
};

// 524 is ENOTSUPP, which strerror(3) does not know.
constexpr Looked looked_up[] = {
    {"prog_array", "id", "", true},
    {"array_of_maps", "id", "", true},
    {"hash_of_maps", "id", "", true},
    {"perf_event_array", "", "Unknown error 524", false},
    {"cgroup_array", "", "Unknown error 524", false},
    {"devmap", "ifindex", "", false},
    {"devmap_hash", "ifindex", "", false},
    {"cpumap", "qsize", "", false},
    {"xskmap", "", "Operation not supported", false},
    {"sockmap", "", "", false},
    {"sockhash", "", "", false},
    {"reuseport_sockarray", "", "", false},
};

const Looked* find_looked(std::string_view type) {
  const auto* const found = std::ranges::find(looked_up, type, &Looked::type);
  return found != std::end(looked_up) ? found : nullptr;
}

bool is_sockets(std::string_view type) { return type.starts_with("sock") || type == "reuseport_sockarray"; }

constexpr std::array<std::string_view, 10> not_walked = {
    "queue", "stack",        "bloom_filter",  "ringbuf",    "user_ringbuf",
    "arena", "task_storage", "inode_storage", "sk_storage", "cgrp_storage"};

std::vector<std::byte> little_endian(std::uint64_t number, std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::memcpy(bytes.data(), &number, std::min(size, sizeof number));
  return bytes;
}

} // namespace

void write_bytes(JsonText& out, const char* key, std::span<const std::byte> bytes) {
  out.key(key), out.begin_array();
  std::array<char, 6> quoted = {'"', '0', 'x', '0', '0', '"'};
  for (const std::byte byte : bytes) {
    std::memcpy(quoted.data() + 3, hex_table[static_cast<unsigned char>(byte)].data(), 2);
    out.begin_value({quoted.data(), quoted.size()});
  }
  out.end_array();
}

void write_lookup_error(JsonText& out, std::string_view error) {
  out.key("value"), out.begin_object();
  out.key("error"), out.string(error);
  out.end_object();
}

void BpftoolSlots::begin(const catalog::Map& map) {
  type_ = map.type_name;
  key_size_ = map.key_size, value_size_ = map.value_size, max_entries_ = map.max_entries;
  shows_rows_ = std::ranges::find(not_walked, type_) == not_walked.end();
}

void BpftoolSlots::field(const Field& field) {
  if (list_ != nullptr) return slot_field(field);
  if (field.kind == FieldKind::end) return open_.pop_back();
  if (field.kind == FieldKind::list && open_.size() == 1 && shows_rows_) {
    list_ = find_element_list(open_.front(), field.name);
    if (list_ != nullptr) return;
  }
  if (field.kind == FieldKind::object || field.kind == FieldKind::list) open_.emplace_back(field.name);
}

void BpftoolSlots::slot_field(const Field& field) {
  const bool opens = field.kind == FieldKind::object || field.kind == FieldKind::list;
  if (list_depth_ == 0 && field.kind == FieldKind::end) return list_ = nullptr, void();
  if (opens) return ++list_depth_, void();
  if (field.kind == FieldKind::end) {
    if (--list_depth_ == 0) close_slot();
    return;
  }
  if (list_depth_ != 1) return;
  const Looked* const looked = find_looked(type_);
  if (field.name == "index" || field.name == "bucket_id") slot_.key = little_endian(field.number, key_size_);
  if (field.name == "key_hex") slot_.key.assign(field.value.bytes.begin(), field.value.bytes.end());
  if (field.name == "data_hex") slot_.value.assign(field.value.bytes.begin(), field.value.bytes.end());
  if (looked != nullptr && !looked->number.empty() && field.name == looked->number)
    slot_.has_number = true, slot_.number = field.number;
}

void BpftoolSlots::close_slot() {
  const Slot slot = std::exchange(slot_, {});
  if (slot.key.empty()) return;
  if (type_ != "stack_trace" && !type_.contains("hash")) {
    std::uint32_t index = 0;
    std::memcpy(&index, slot.key.data(), std::min(slot.key.size(), sizeof index));
    write_empty(next_, index);
    next_ = index + 1;
  }
  write(slot);
}

BpftoolSlots::Bytes BpftoolSlots::value_of(const Slot& slot) const {
  Bytes value = slot.has_number ? little_endian(slot.number, value_size_) : slot.value;
  value.resize(value_size_); // of a stack that is not as deep as may be
  return value;
}

void BpftoolSlots::write(const Slot& slot) {
  const Looked* const looked = find_looked(type_);
  out_.begin_object();
  write_bytes(out_, "key", slot.key);
  if (looked != nullptr && !looked->error.empty())
    write_lookup_error(out_, looked->error);
  else if (is_sockets(type_))
    write_lookup_error(out_, value_size_ == sizeof(std::uint64_t) ? not_told : "No space left on device");
  else if (looked != nullptr && !slot.has_number)
    write_lookup_error(out_, not_told);
  else
    write_bytes(out_, "value", value_of(slot));
  out_.end_object();
}

/// Indices without an object.
void BpftoolSlots::write_empty(std::uint32_t from, std::uint32_t to) {
  const Looked* const looked = find_looked(type_);
  if (looked == nullptr || looked->skips_empty || type_.contains("hash")) return;
  for (std::uint32_t index = from; index < to && index < max_entries_; ++index) {
    const bool is_error = !looked->error.empty();
    const bool lacks_room = is_sockets(type_) && value_size_ != sizeof(std::uint64_t);
    out_.begin_object();
    write_bytes(out_, "key", little_endian(index, key_size_));
    write_lookup_error(out_, is_error ? looked->error : lacks_room ? "No space left on device" : no_entry);
    out_.end_object();
  }
}

void BpftoolSlots::end(bool all_seen) {
  if (all_seen) write_empty(next_, max_entries_);
}

} // namespace mapscope::report
