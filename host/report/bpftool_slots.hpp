// SPDX-License-Identifier: Apache-2.0
// What look-ups by bpf(2) say of maps that hold references, as bpftool prints it: the id or number that the
// kernel hands out for an object, or why it hands out none.
//
// What a look-up would say and a map's fields do not tell (a socket's cookie, a device's program) is an error
// "not in the report", which no kernel says. Thread rule: as JsonText.
#pragma once

#include "host/report/element_lists.hpp"
#include "host/report/json_text.hpp"

#include <map>
#include <string>
#include <vector>

namespace mapscope::report {

/// "key":["0x01","0x00"]
void write_bytes(JsonText& out, const char* key, std::span<const std::byte> bytes);
/// "value":{"error":"..."}
void write_lookup_error(JsonText& out, std::string_view error);

class BpftoolSlots {
public:
  explicit BpftoolSlots(JsonText& out) : out_(out) {}

  void begin(const catalog::Map& map);
  /// False of types that get_next_key does not walk: bpftool shows none of their elements.
  [[nodiscard]] bool shows_rows() const { return shows_rows_; }
  /// Of the map's record.
  void field(const Field& field);
  /// Writes what did not come: where all was seen, it is not there.
  void end(bool all_seen);

private:
  using Bytes = std::vector<std::byte>;
  struct Slot {
    Bytes key, value;
    bool has_number = false;
    std::uint64_t number = 0;
  };

  void slot_field(const Field& field);
  void close_slot();
  void write(const Slot& slot);
  void write_empty(std::uint32_t from, std::uint32_t to);
  [[nodiscard]] Bytes value_of(const Slot& slot) const;

  JsonText& out_;
  std::string type_;
  std::uint32_t key_size_ = 0, value_size_ = 0, max_entries_ = 0;
  bool shows_rows_ = true;
  std::vector<std::string> open_;     ///< names of objects and lists
  const ElementList* list_ = nullptr; ///< that is open
  std::size_t list_depth_ = 0;
  Slot slot_;
  std::uint32_t next_ = 0; ///< index: all before are written
};

} // namespace mapscope::report
