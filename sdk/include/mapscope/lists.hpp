// SPDX-License-Identifier: Apache-2.0
// The kernel's lists and trees, and chains of `next` pointers, in kernel memory or in the arena:
//
//   List tasks(call, "struct task_struct", "tasks");
//   tasks.each(init_task + tasks.node(), [&](Object task) { call.text(nullptr, task.string("comm")); });
//
// A snapshot may be torn, and memory may lack: a walk ends at what it cannot read, knows when it runs in a
// circle (Brent) and takes no more steps than it was given. Then each() is false, gap() says what is wrong,
// and the first gap of each walker is noted in the report. The function takes an Object and may return false
// for: no more.
//
// Included by plugin.hpp. Thread rule: as plugin.h.
#pragma once

#include <mapscope/call.hpp>

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace mapscope {

/// Where the nodes lie, whose types they have, and how many steps all walks of one walker may take.
struct Nodes {
  std::uint32_t space = MSC_KERNEL, scope = MSC_KERNEL_BTF;
  std::uint64_t most = 1 << 20;
};
/// Of the programs that use the map: their types, in their arena.
inline constexpr Nodes in_arena = {MSC_ARENA, MSC_MAP_BTF};

class Walker {
public:
  /// Why the last walk did not end as it should; nullptr when it did.
  [[nodiscard]] const char* gap() const { return gap_; }
  /// Bytes from the start of the object to its node.
  [[nodiscard]] std::uint32_t node() const { return node_; }
  /// Of the objects.
  [[nodiscard]] msc_type type() const { return type_; }

protected:
  Walker(Call& call, const char* type, const std::string& node, const Nodes& nodes)
      : call_(call), name_(type), space_(nodes.space), left_(nodes.most) {
    const auto found = call.find_type(nodes.scope, type);
    if (!found) call.fail("there is no " + name_);
    type_ = *found;
    node_ = node.empty() ? 0 : call.offset(type_, node.c_str());
  }

  void begin() { gap_ = nullptr, step_ = 0, milestone_ = 0; }
  /// False where the walk must end. `at` is where it has come.
  bool may_step(std::uint64_t at) {
    if (at == milestone_ && step_ != 0) return ends_in("runs in a circle");
    if ((step_ & (step_ - 1)) == 0) milestone_ = at; // at each power of two
    ++step_;
    if (left_ == 0) return ends_in("does not end: the rest was given up");
    --left_;
    return true;
  }
  bool load(std::uint64_t address, std::uint64_t& pointer) {
    if (call_.try_read(space_, address, std::as_writable_bytes(std::span(&pointer, 1)))) return true;
    pointer = 0;
    return ends_in("breaks off where memory lacks");
  }
  template <class Function> bool visit(Function& function, std::uint64_t node) {
    const Object object(call_, space_, node - node_, type_);
    if constexpr (std::is_same_v<std::invoke_result_t<Function&, const Object&>, bool>)
      return function(object);
    function(object);
    return true;
  }
  /// From a node to one of its pointers: as the object's own types have it, or else the kernel's.
  [[nodiscard]] std::uint32_t pointer(const std::string& node, const char* kernels, const char* name) const {
    if (const auto inside = call_.offset_if(type_, (node + "." + name).c_str())) return *inside - node_;
    return call_.offset(call_.kernel_type(kernels), name);
  }
  /// Tells the first time. False, as each() then returns.
  bool tell() {
    if (gap_ != nullptr && !has_told_)
      call_.note(MSC_EFAULT, (std::string(shape_) + " of " + name_ + " " + gap_).c_str());
    has_told_ |= gap_ != nullptr;
    return gap_ == nullptr;
  }
  bool ends_in(const char* gap) {
    if (gap_ == nullptr) gap_ = gap;
    return false;
  }

  Call& call_;
  const char* shape_ = "a list";

private:
  std::string name_;
  std::uint32_t space_, node_ = 0;
  msc_type type_ = 0;
  const char* gap_ = nullptr;
  bool has_told_ = false;
  std::uint64_t left_, step_ = 0;
  std::uint64_t milestone_ = 0; ///< where the walk was at the last step whose number is a power of two
};

/// struct list_head (include/linux/types.h, list.h): a ring that begins and ends in its head.
class List : public Walker {
public:
  List(Call& call, const char* type, const char* node, const Nodes& nodes = {})
      : Walker(call, type, node, nodes), next_(pointer(node, "struct list_head", "next")) {}

  /// `head`: its address; a head that lies in an object is passed over.
  template <class Function> bool each(std::uint64_t head, Function function) {
    begin();
    std::uint64_t at = 0, next = 0;
    for (bool goes_on = load(head + next_, at); goes_on && at != head; at = next) {
      if (at == 0) return ends_in("ends in a null pointer"), tell();
      goes_on = may_step(at) && load(at + next_, next) && visit(function, at);
    }
    return tell();
  }

private:
  std::uint32_t next_;
};

/// Pointers that lead from object to object until one is null: each to the next object, or to the node in it.
class Chain : public Walker {
public:
  /// next: "next", or "link.next" with the node "link" where pointers lead to the link.
  Chain(Call& call, const char* type, const char* next, const char* node = "", const Nodes& nodes = {})
      : Walker(call, type, node, nodes), next_(call.offset(this->type(), next) - this->node()) {}

  /// `first`: the pointer that the chain begins with; null is an empty one.
  template <class Function> bool each(std::uint64_t first, Function function) {
    begin();
    std::uint64_t next = 0;
    for (std::uint64_t at = first; at != 0; at = next)
      if (!may_step(at) || !load(at + next_, next) || !visit(function, at)) break;
    return tell();
  }

protected:
  Chain(Call& call, const char* type, const std::string& node, const char* kernels, const Nodes& nodes)
      : Walker(call, type, node, nodes), next_(pointer(node, kernels, "next")) {}

private:
  std::uint32_t next_;
};

/// struct hlist_node (include/linux/types.h, list.h); `first` is what struct hlist_head holds.
class Hlist : public Chain {
public:
  Hlist(Call& call, const char* type, const char* node, const Nodes& nodes = {})
      : Chain(call, type, std::string(node), "struct hlist_node", nodes) {}
};

/// struct rb_node (include/linux/rbtree_types.h, lib/rbtree.c), from the left to the right. Behind what
/// cannot be read the walk goes on with what it knows of.
class Tree : public Walker {
public:
  Tree(Call& call, const char* type, const char* node, const Nodes& nodes = {})
      : Walker(call, type, node, nodes), left_(pointer(node, "struct rb_node", "rb_left")),
        right_(pointer(node, "struct rb_node", "rb_right")) {
    shape_ = "a tree";
  }

  /// `root`: the pointer that struct rb_root holds; null is an empty tree.
  template <class Function> bool each(std::uint64_t root, Function function) {
    begin();
    path_.clear();
    bool goes_on = descend(root);
    while (goes_on && !path_.empty()) {
      const std::uint64_t at = path_.back();
      path_.pop_back();
      std::uint64_t right = 0;
      if (!may_step(at)) break;
      load(at + right_, right);
      goes_on = visit(function, at) && descend(right);
    }
    return tell();
  }

private:
  /// A red-black tree is at most twice as high as its number of nodes has bits.
  static constexpr std::size_t highest = 128;

  /// Puts a node and all that are to its left on the path. False where that is none of a tree.
  bool descend(std::uint64_t at) {
    for (std::uint64_t left = 0; at != 0 && load(at + left_, left); at = left) {
      if (path_.size() == highest) return ends_in("is higher than any tree");
      path_.push_back(at);
    }
    return true;
  }

  std::uint32_t left_, right_;
  std::vector<std::uint64_t> path_;
};

} // namespace mapscope
