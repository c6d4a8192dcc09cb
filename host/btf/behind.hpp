// SPDX-License-Identifier: Apache-2.0
// What the bytes of a value do not say by themselves: the state of its special fields (locks, timers, lists,
// trees) and what its kernel pointers lead to. The decoder recognises them by type; who has the memory
// answers.
//
// Thread rule: an implementation belongs to one thread, and so does a Decoder compiled with it, but for
// values that Decoder::asks_nothing() is true of.
#pragma once

#include "host/btf/cuts.hpp"
#include "host/btf/types.hpp"
#include "host/btf/value_visitor.hpp"

#include <compare>
#include <cstdint>
#include <string_view>

namespace mapscope::btf {

/// enum btf_field_type of include/linux/bpf.h, as the types of a BPF object tell them apart.
enum class Special : std::uint8_t {
  spin_lock, ///< struct bpf_spin_lock, struct bpf_res_spin_lock
  refcount,
  timer,
  workqueue,
  task_work,
  list_head,
  rb_root,
  graph_node,  ///< struct bpf_list_node, struct bpf_rb_node: what a list or tree links by
  kptr,        ///< referenced or not: what it points to is the kernel's, or the program's own
  percpu_kptr, ///< points to a slot that holds a per-CPU pointer
  uptr,        ///< into a pinned page of user memory
  arena,       ///< a pointer whose type says that it leads into an arena
  function,    ///< to a function
  plain        ///< any other pointer to something that has a value
};

struct SpecialField {
  Special kind = Special::spin_lock;
  TypeId target = 0;             ///< what a pointer points to, what a list or tree contains; 0 = not known
  std::uint64_t node_offset = 0; ///< list, tree: bytes from the start of the target to its node
};

/// The tag of pointers into an arena: from __arena of the programs' headers, and from pahole in the kernel's
/// own types.
inline bool is_arena_tag(std::string_view tag) { return tag == "arena" || tag == "address_space(1)"; }

/// How a reason begins that a limit is all that keeps a pointer from being followed.
inline constexpr std::string_view not_followed = "not followed: ";

/// How far one decode() call has come. Handed on to the decoders of what lies behind pointers, so that a
/// graph of pointers has the budget of one value.
struct Progress {
  std::uint64_t left = 0;  ///< values that may still be shown
  std::uint32_t depth = 0; ///< of the value that comes next
  bool said = false;       ///< that the budget is spent
  Cuts cuts = {};          ///< so far
};

/// Which of a type's numbers one is: the innermost struct or section whose member it is, alone or as an
/// element, and where in that the member begins. Of a value that is nothing but a number its type, and 0.
struct Place {
  TypeId owner = 0;
  std::uint64_t offset = 0; ///< bytes
  auto operator<=>(const Place&) const = default;
};

/// An unsigned number of 64 bits. `types` is what the owner is of.
struct Number {
  std::uint64_t value = 0;
  const Types* types = nullptr;
  Place place = {};
};

class Behind {
public:
  virtual ~Behind() = default;
  /// Whether pointer() is to be asked about plain pointers to such a type; void is type 0.
  [[nodiscard]] virtual bool follows(const Types& types, TypeId target) const = 0;
  /// Facts about a field that is a struct, given between its last member and its end. `types` is what the
  /// ids in `field` are of.
  virtual void state(const SpecialField& field, std::span<const std::byte> bytes, const Types& types,
                     Progress& progress, ValueVisitor& out) = 0;
  /// One complete pointer value.
  virtual void pointer(const SpecialField& field, std::uint64_t value, const Types& types, Progress& progress,
                       ValueVisitor& out) = 0;
  /// One complete value where an unsigned number of 64 bits is a pointer; false where it is a number.
  virtual bool number(const Number& /*number*/, Progress& /*progress*/, ValueVisitor& /*out*/) {
    return false;
  }
  /// Whether number() is false for it whatever its member is, and on any thread.
  [[nodiscard]] virtual bool is_number(std::uint64_t /*value*/) const { return false; }
};

} // namespace mapscope::btf
