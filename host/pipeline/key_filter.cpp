// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/key_filter.hpp"

#include "host/base/hex.hpp"
#include "host/pipeline/row_reading.hpp"

#include <linux/bpf.h>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace mapscope::pipeline {

namespace {

constexpr std::size_t most_kept = 12;

std::string hex_of(std::span<const std::byte> bytes) {
  std::string hex;
  append_hex(hex, bytes);
  return hex;
}

/// What a person calls an entry by stands beside its key: a task's pid, a cgroup's path, a prefix.
bool goes_by_more(const catalog::Map& map) {
  return map.type == BPF_MAP_TYPE_LPM_TRIE || map.type_name.ends_with("storage");
}

class KeyFilter final : public report::MapWriter {
public:
  KeyFilter(std::unique_ptr<report::MapWriter> to, const plain::Key& key, plain::OtherKeys& others)
      : to_(std::move(to)), key_(key), others_(others) {}

  void begin(const catalog::Map& map) override {
    others_ = {};
    is_on_ = !goes_by_more(map);
    to_->begin(map);
  }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    to_->begin_allocator(name, section);
  }
  void row(const report::Row& row) override {
    left_out_ = {};
    if (is_other(row)) return left_out_.begin(row);
    to_->row(row);
  }
  void field(const report::Field& field) override {
    if (!left_out_.is_open()) return to_->field(field);
    left_out_.take(field);
  }
  void end(const report::Outcome& outcome) override { to_->end(outcome); }
  [[nodiscard]] report::Cuts cuts() const override { return to_->cuts(); }

private:
  bool is_other(const report::Row& row) {
    using report::Shape;
    if (!is_on_ || row.shape == Shape::value || row.shape == Shape::slot) return false;
    if (row.shape == Shape::entry || row.shape == Shape::percpu_entry) {
      if (row.key.decoder == nullptr || !row.key.readable) return false;
      if (!key_.bytes().empty() && hex_of(row.key.bytes) == key_.bytes()) return false;
      value_ = read_back_([&](btf::ValueVisitor& into) { decode(row.key, into); });
    } else {
      value_.emplace();
      value_->SetUint(row.index);
    }
    if (key_.is(*value_)) return false;
    keep();
    return true;
  }

  void keep() {
    ++others_.count;
    if (others_.first.size() < most_kept) others_.first.push_back(plain::key_text({&*value_, &*value_}));
  }

  std::unique_ptr<report::MapWriter> to_;
  const plain::Key& key_;
  plain::OtherKeys& others_;
  ReadBack read_back_;
  std::optional<rapidjson::Document> value_;
  bool is_on_ = true;
  OpenRow left_out_;
};

} // namespace

std::unique_ptr<report::MapWriter> only_with_key(std::unique_ptr<report::MapWriter> to, const plain::Key& key,
                                                 plain::OtherKeys& others) {
  return std::make_unique<KeyFilter>(std::move(to), key, others);
}

} // namespace mapscope::pipeline
