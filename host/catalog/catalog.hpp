// SPDX-License-Identifier: Apache-2.0
// The maps, programs and BTF objects of a target as plain records.
//
// Refuses: to drop an object because part of it is unreadable; `problem` says what is missing and the rest
// stands. Thread rule: plain values after read_catalog(); `types` is shared and immutable.
#pragma once

#include "host/btf/types.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::target {
class Target;
} // namespace mapscope::target

namespace mapscope::catalog {

/// A type and the BTF object that its id is in; no object: nothing is known of it.
struct TypeRef {
  std::shared_ptr<const btf::Types> types;
  btf::TypeId id = 0;
};

using TypeObjects = std::vector<std::shared_ptr<const btf::Types>>;

/// BPF_OBJ_NAME_LEN - 1, include/uapi/linux/bpf.h.
constexpr std::size_t kernel_name_length = 15;

/// What people call a map or a program: as the kernel cuts it, or in full. Both fit wherever one is asked
/// for.
struct Names {
  std::string_view name, full; ///< full is "" where the kernel has all of it, or nothing tells it

  Names(std::string_view name_, std::string_view full_ = {}) // NOLINT(google-explicit-constructor)
      : name(name_), full(full_) {}
  [[nodiscard]] std::string_view longest() const { return full.empty() ? name : full; }
  [[nodiscard]] bool fit(std::string_view glob) const;
};

struct Map {
  std::uint64_t kva = 0; ///< address of struct bpf_map
  bool is_live = false;  ///< of a machine that runs: where the kernel has it is not for a report to tell
  std::uint32_t id = 0;
  std::string name;      ///< UTF-8; invalid bytes replaced by U+FFFD
  std::string full_name; ///< where `name` is only its beginning; "" where it is not, or nothing tells
  std::uint32_t type = 0;
  std::string type_name; ///< "hash"; "type_36" when the target's own enum has no name for it
  std::uint32_t key_size = 0, value_size = 0, max_entries = 0, flags = 0;
  std::vector<std::string> flag_names; ///< "BPF_F_NO_PREALLOC"
  std::uint64_t map_extra = 0;
  std::optional<std::uint32_t> btf_id;
  std::optional<bool> frozen;
  bool offloaded = false;   ///< to a network device, in whose memory its elements are
  bool is_read = true;      ///< false: but for address and id nothing here is known; `problem` says why
  bool has_key_size = true; ///< false: neither that nor flags are known: the reference's reports lack them
  std::optional<std::int64_t> refcnt, usercnt;
  std::optional<std::uint64_t> bytes;  ///< of memory that it takes: see map_memory.hpp
  std::vector<std::uint32_t> programs; ///< ids, ascending

  /// What the type ids below are in: the map's own BTF object, the kernel's, or null (no typing possible).
  std::shared_ptr<const btf::Types> types;
  btf::TypeId key_type = 0, value_type = 0; ///< 0 = untyped
  /// Of a saved report, which has no objects: what those types are called.
  std::string key_type_name, value_type_name;
  /// What a person says that its keys and values are, before all else; no object: nothing is said.
  TypeRef given_key, given_value;
  /// Where types are from that the map itself does not have: ".maps" for its declaration in a program's
  /// object, else what is given: "sched.bpf.o", "sched.bpf.o (value)".
  std::string types_from;
  std::vector<std::string> type_notes; ///< what does not fit of given types and of declared variables
  std::string untyped;                 ///< why a declaration gives it no types, as a clause
  /// struct_ops: btf_vmlinux_value_type_id, whatever the map's own BTF object is. 0 for all other maps.
  btf::TypeId vmlinux_value_type = 0;
  /// What that id is in: the BTF of the kernel, or of the module that has the ops; null = cannot be read.
  std::shared_ptr<const btf::Types> vmlinux_types;
  /// Of a program that uses the map, where `types` is null: libbpf gives maps without keys and values no BTF.
  std::shared_ptr<const btf::Types> program_types;

  std::optional<std::string> problem; ///< what of this record could not be read, as a clause for people

  [[nodiscard]] Names names() const { return {name, full_name}; }
  /// The BTF object of its programs; null when nothing says which it is.
  [[nodiscard]] const std::shared_ptr<const btf::Types>& object() const {
    return types ? types : program_types;
  }
  /// For people, also where it has no name, or nobody knows it.
  [[nodiscard]] std::string_view label() const {
    if (!is_read) return "(not known)";
    return name.empty() ? "(no name)" : names().longest();
  }
  /// The type of its keys, as given or declared; no object: bytes.
  [[nodiscard]] TypeRef key() const {
    if (given_key.types) return given_key;
    return {key_type != 0 ? types : nullptr, key_type};
  }
  /// The type of its values, wherever that is declared.
  [[nodiscard]] TypeRef value() const {
    if (given_value.types) return given_value;
    if (vmlinux_value_type != 0) return {vmlinux_types, vmlinux_value_type};
    return {value_type != 0 ? types : nullptr, value_type};
  }
};

struct Program {
  std::uint64_t kva = 0;
  std::uint32_t id = 0, type = 0;
  std::string name, full_name; ///< as of a map; in full in the BTF of its function
  std::string type_name;       ///< as libbpf spells it: "socket_filter"; "type_40" when unknown
  std::string tag;             ///< 16 hex digits
  std::vector<std::uint32_t> map_ids;
  std::optional<std::uint64_t> run_cnt, run_time_ns, recursion_misses;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint64_t> loaded_at_ns; ///< CLOCK_BOOTTIME
  std::uint64_t code_start = 0;              ///< of the compiled program; 0 = not compiled or not known
  std::uint64_t btf = 0;                     ///< address of its struct btf; 0 = none
  bool lacks_maps = false;                   ///< not all of the maps it uses could be read
  bool is_read = true;                       ///< false: its name is not known, nor perhaps its type and tag

  [[nodiscard]] Names names() const { return {name, full_name}; }
};

struct BtfObject {
  std::uint64_t kva = 0;
  std::uint32_t id = 0;
  std::string name; ///< "" for program BTF
  bool kernel = false;
};

/// What a walk could not follow: a part of a table, or of one object in it.
struct Gap {
  std::string text;
  std::optional<std::uint32_t> program = {}, btf = {}; ///< id of the object
};

struct Catalog {
  std::vector<Map> maps;         ///< ascending id
  std::vector<Program> programs; ///< ascending id
  std::vector<BtfObject> btfs;   ///< ascending id
  std::vector<Gap> gaps;
  /// Part of the id table could not be read: there may be more of them than are listed.
  bool lacks_maps = false, lacks_programs = false, lacks_btfs = false;

  /// Of some program it is not known which maps it uses.
  [[nodiscard]] bool lacks_uses() const;
};

Result<Catalog> read_catalog(const target::Target& target, const std::shared_ptr<const btf::Types>& kernel);

} // namespace mapscope::catalog
