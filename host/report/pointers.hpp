// SPDX-License-Identifier: Apache-2.0
// What lies behind the pointers in a map's values: in the arena of the programs that use the map, and, of the
// kernel's objects, those that are safe to show.
//
// A chain, objects of one type that lead to each other, is a list: behind the pointer to the first of them
// come the others, in the order of the links, whose members say only where those are shown.
//
// Refuses: to show an object again for the same map (later pointers say where it is shown; one that was found
// behind others first is shown once more where a value itself points to it), to go in a circle, deeper than
// the limits, beyond `limits.nodes` values for all pointers of a map together, and beyond `most_bytes` behind
// one pointer. Each says so in its place. Thread rule: one render, one thread.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/report/following.hpp"
#include "host/report/slots.hpp"
#include "host/target/address_space.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace mapscope::target {
class Target;
} // namespace mapscope::target

namespace mapscope::report {

class Pointers {
public:
  /// `behind` is asked about the fields of what is followed; it owns this object, or outlives it.
  Pointers(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
           std::shared_ptr<const btf::Types> own, const Following& following, const btf::Limits& limits,
           btf::Behind& behind);

  [[nodiscard]] bool follows(const btf::Types& types, btf::TypeId target) const;
  /// One complete pointer value.
  void show(const btf::SpecialField& field, std::uint64_t value, const btf::Types& types,
            btf::Progress& progress, btf::ValueVisitor& out);

  /// Where in the report the values that come next are listed: "entries", 7. A row begins.
  void at(std::string_view list, std::uint64_t index) {
    list_ = list, index_ = index, objects_ = 0;
    if (following_.each_row) shown_.clear();
  }
  /// One more object behind the row's pointers: "", or why there have been enough, which is counted.
  [[nodiscard]] std::string withholds(std::uint64_t size);
  /// What the value that comes next is shown with, so that its own pointers there need not be followed; 0 =
  /// nothing.
  void beside(const SlotIndex::Found* slot) { beside_ = slot != nullptr ? slot->slot : nullptr; }
  /// The slot that a pointer leads into, and through which arena.
  [[nodiscard]] std::optional<SlotIndex::Found> slot_at(std::uint64_t pointer) const;
  [[nodiscard]] std::span<const catalog::Arena* const> arenas() const { return arenas_; }
  /// The one arena that a number leads into which has its upper half; null: none, or more than one.
  [[nodiscard]] const catalog::Arena* arena_at(std::uint64_t number) const;
  /// Of a local storage as text, objects in chains that no row of it has led to, when all rows were; null:
  /// there are none. It refers to this object.
  [[nodiscard]] std::unique_ptr<btf::Decoder> waiting();
  [[nodiscard]] bool lacks_memory() const { return lacks_memory_; }
  /// Of types that values here may be of: the map's own, those of its family, those of given files; null for
  /// others.
  [[nodiscard]] std::shared_ptr<const btf::Types> owner(const btf::Types& types) const;
  /// Pointers that were not followed because too much was shown before them.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  /// What limits left out behind the pointers of all rows, each with what raises the limit.
  [[nodiscard]] std::vector<std::string> cuts() const;

private:
  static constexpr std::uint64_t most_bytes = 4096;

  /// How to show what lies at an address.
  struct Pointee {
    std::shared_ptr<const btf::Decoder> decoder; ///< null: it cannot be shown
    const btf::Types* types = nullptr;
    btf::TypeId type = 0;
    std::uint64_t size = 0;                   ///< bytes
    std::string problem;                      ///< why it cannot be shown; "" = there is nothing to say
    std::vector<std::uint64_t> links = {};    ///< where it has pointers to its like, bytes
    std::vector<btf::NamedMember> names = {}; ///< what tells people which one it is
  };
  /// Where it lies.
  struct Spot {
    const catalog::Arena* arena = nullptr; ///< null: the kernel
    std::uint64_t address = 0;             ///< of the kernel, by which it is read
    bool is_doubtful = false;              ///< it may be no pointer at all
    std::string problem;
  };
  using Key = std::tuple<std::uint64_t, const btf::Types*, btf::TypeId>;
  struct Shown {
    std::string list;
    std::uint64_t index;
    bool direct; ///< a value itself points to it
  };
  /// A pointer whose object is shown later, as one of a list.
  struct Link {
    std::uint64_t value;
    Spot spot;
    const Pointee* pointee;
    std::string slot;
  };
  /// An object that is being shown.
  struct Open {
    std::uint64_t address, value;
    const Pointee* pointee;
    std::vector<Link> fresh = {};           ///< found in the object that is shown now, in its order
    std::vector<Link> chain = {};           ///< found before; the last comes next
    std::uint64_t hollow = 0;               ///< objects in it that hold nothing but links
    std::set<std::uint64_t> addresses = {}; ///< of all that was ever in either
  };

  static Pointee unknown(std::string problem);
  bool slot(const SlotIndex::Found& found, const Pointee& own, std::uint64_t value, const Spot& spot,
            btf::Progress& progress, btf::ValueVisitor& out);
  const Pointee& payload(const SlotPool& pool);
  [[nodiscard]] std::string variable_at(const catalog::Arena& arena, std::uint64_t value,
                                        const btf::Types& types, btf::TypeId target) const;
  [[nodiscard]] Spot spot_of(std::uint64_t value, bool is_typed) const;
  [[nodiscard]] bool may_be_of_lost_arena(std::uint64_t value, bool is_typed) const;
  const Pointee& pointee(btf::TypeId target, const btf::Types& types);
  Pointee find_pointee(btf::TypeId target, const btf::Types& types);
  Pointee compiled(const std::shared_ptr<const btf::Types>& types, btf::TypeId type);
  const Pointee& kernel_pointee(btf::TypeId target, const btf::Types& types);
  Pointee find_kernel_pointee(btf::TypeId target, const btf::Types& types);
  [[nodiscard]] catalog::TypeRef definition(const std::string& spelled) const;

  [[nodiscard]] std::string refusal(btf::Progress& progress);
  [[nodiscard]] std::string elsewhere(const Link& link);
  // pointer_chains.cpp
  [[nodiscard]] Open* chain_of(const Pointee& pointee, const btf::Progress& progress);
  void link(Open& first, const Link& link, btf::Progress& progress, btf::ValueVisitor& out);
  class Waiting;
  void show_waiting(btf::Progress& progress, btf::ValueVisitor& out);
  void wait(Open& first);
  [[nodiscard]] bool is_shown(const Link& link) const;
  std::optional<Link> next_link(Open& first);
  void show_chain(btf::Progress& progress, btf::ValueVisitor& out);
  void show_link(const Link& link, std::span<const std::byte> bytes, btf::Progress& progress,
                 btf::ValueVisitor& out);
  [[nodiscard]] std::string identity(const Link& link);
  bool pass_hollow(const Link& link, std::span<const std::byte> bytes);

  void object(const Pointee& pointee, std::uint64_t value, const Spot& spot, btf::Progress& progress,
              btf::ValueVisitor& out, std::string_view slot = {});
  [[nodiscard]] std::string spent();
  [[nodiscard]] std::string read_object(const Link& link, std::vector<std::byte>& bytes);
  void decode(const Pointee& pointee, std::uint64_t address, std::span<const std::byte> bytes,
              btf::Progress& progress, btf::ValueVisitor& out);
  std::size_t read(const Spot& spot, std::span<std::byte> to, target::Fault* fault);
  void cpu_mask(std::uint64_t value, btf::Progress& progress, btf::ValueVisitor& out);
  static void reason(std::uint64_t value, std::string_view text, btf::ValueVisitor& out,
                     std::string_view slot = {});
  static void known(std::uint64_t value, std::string_view name, btf::ValueVisitor& out);

  std::shared_ptr<const btf::Types> kernel_, own_;
  Following following_;
  std::vector<const catalog::Arena*> arenas_;
  bool lacks_arena_ = false; ///< there may be one, and a program's list of its maps is lost
  btf::Limits limits_;
  btf::Behind& behind_;
  target::Reader reader_;
  std::map<std::pair<const btf::Types*, btf::TypeId>, Pointee> pointees_, kernel_pointees_;
  std::map<const SlotPool*, Pointee> payloads_;
  const Slot* beside_ = nullptr;
  std::map<Key, Shown> shown_;
  bool is_of_rows_;                 ///< each object has a row that leads to it
  std::vector<Link> waiting_;       ///< what chains of rows led to
  std::set<std::uint64_t> awaited_; ///< addresses of those
  std::deque<Open> open_;           ///< what is being shown, outermost first
  std::uint64_t left_;              ///< values that may be shown behind the map's pointers
  std::uint64_t left_out_ = 0;      ///< pointers behind which there was more
  std::uint64_t objects_ = 0;       ///< shown behind pointers of the current row
  std::uint64_t withheld_ = 0;      ///< that are not, because there were enough in their row
  std::uint64_t bytes_ = 0;         ///< of all objects shown
  std::uint64_t beyond_bytes_ = 0;  ///< objects that are not, because those had so many bytes
  std::string_view list_;
  std::uint64_t index_ = 0;
  bool lacks_memory_ = false;
};

} // namespace mapscope::report
