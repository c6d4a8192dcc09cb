// SPDX-License-Identifier: Apache-2.0
#include "by_lookups.hpp"

#include <cstdio>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace mapscope::guest {

namespace {

using rapidjson::Document;
using rapidjson::Value;

std::string type_of(const Value& stated) { return stated["type_name"].GetString(); }

/// bpf(2) does not list them, or refuses, or a look-up would change something.
const std::map<std::string, const char*> not_at_all = {
    {"stack_trace", "a look-up takes the stack out of the map"}, // xchg() in kernel/bpf/stackmap.c
    {"sockmap", "would give each socket a cookie"},              // sock_gen_cookie() in net/core/sock_map.c
    {"sockhash", "would give each socket a cookie"},
    {"reuseport_sockarray", "would give each socket a cookie"},
    {"arena", "are allocated by whoever looks at them"}, // arena_vm_fault()
    {"perf_event_array", "does not say what its slots refer to"},
    {"cgroup_array", "does not say what its slots refer to"},
    {"xskmap", "does not say what its slots refer to"},
    {"bloom_filter", "whether it may be in it, and not what is in it"},
    {"inode_storage", "does not list owners"},
    {"sk_storage", "does not list owners"}};

/// Each map of those types has, or may have, something that no look-up leads to.
const std::map<std::string, const char*> in_part = {
    {"struct_ops", "with ids of programs in place of functions' addresses"},
    {"insn_array", "addresses of the machine code are not seen"},
    {"task_storage", "idle tasks, and tasks that have ended and are held on to, cannot be asked for"},
    {"cgrp_storage", "control groups that are removed and held on to, or not mounted, cannot be asked for"}};

/// What a report of memory has beside the map's own keys and values, by the names of its members.
const std::map<std::string, std::set<std::string>> not_told = {{"devmap", {"name"}},
                                                               {"devmap_hash", {"name"}},
                                                               {"cpumap", {"kthread"}},
                                                               {"cgroup_storage", {"owner"}},
                                                               {"percpu_cgroup_storage", {"owner"}},
                                                               {"insn_array", {"ip", "offset", "program"}},
                                                               {"struct_ops", {"refcnt"}}};

void leave_out(Value& value, const std::set<std::string>& names) {
  if (value.IsArray())
    for (auto& element : value.GetArray()) leave_out(element, names);
  if (!value.IsObject()) return;
  for (const std::string& name : names) value.RemoveMember(name.c_str());
  for (auto& [name, inner] : value.GetObject()) leave_out(inner, names);
}

bool is_pointer(const Value& value) {
  return value.HasMember("kind") && std::string_view(value["kind"].GetString()) == "ptr";
}

/// No pointer is followed; in a map with fields that the kernel keeps back those that it would follow read as
/// zeros, and what it says of other such fields is that they do.
void blank(Value& value, bool has_hidden, Document::AllocatorType& memory) {
  if (value.IsArray())
    for (auto& element : value.GetArray()) blank(element, has_hidden, memory);
  if (!value.IsObject()) return;
  if (is_pointer(value)) {
    const bool is_followed = value.HasMember("deref") || value.HasMember("per_cpu");
    value.RemoveMember("deref"), value.RemoveMember("per_cpu");
    if (has_hidden && is_followed)
      value.AddMember("value", 0, memory)
          .AddMember("deref_skipped_reason", "bpf(2) reads kernel pointers as zeros", memory);
    return;
  }
  for (auto& [name, inner] : value.GetObject())
    if (has_hidden && std::string_view(name.GetString()) == "value" && inner.IsObject() &&
        !inner.HasMember("kind"))
      inner.SetObject().AddMember("blanked", true, memory);
    else
      blank(inner, has_hidden, memory);
}

bool is_queue(const Value& stated) { return type_of(stated) == "queue" || type_of(stated) == "stack"; }

/// Of a queue or stack.
bool has_more_than_the_next(const Value& stated) {
  if (stated["max_entries"].GetUint() == 1 || !stated.HasMember("expected")) return false;
  for (const auto& expected : stated["expected"].GetArray())
    if (expected.HasMember("elements") && !expected["elements"].Empty()) return true;
  return false;
}

bool has_hidden_values(const Value& stated) {
  if (!stated.HasMember("hidden")) return false;
  for (const char* list : {"entries", "percpu_entries"})
    if (stated.HasMember(list)) return !stated[list].Empty();
  return false;
}

} // namespace

ByLookups::ByLookups(const std::string& release) {
  int major = 0, minor = 0;
  std::sscanf(release.c_str(), "%d.%d", &major, &minor);
  knows_threads_ = std::pair(major, minor) >= std::pair(6, 9);
}

Sight ByLookups::sight_of(const Value& stated) const {
  const std::string type = type_of(stated);
  if (const auto found = not_at_all.find(type); found != not_at_all.end())
    return {Seen::not_at_all, found->second};
  if (const auto found = in_part.find(type); found != in_part.end()) {
    const bool lacks_threads = type == "task_storage" && !knows_threads_;
    return {Seen::in_part, lacks_threads ? "cannot be asked for (Linux 6.9 can)" : found->second};
  }
  if (is_queue(stated) && has_more_than_the_next(stated))
    return {Seen::in_part, "what lies behind the first element is not seen without popping it"};
  if (has_hidden_values(stated))
    return {Seen::in_part, "locks, timers, lists and kernel pointers in its values are not handed out"};
  return {Seen::whole, ""};
}

Document ByLookups::seen_of(const Value& stated, const Value& expected) const {
  Document seen;
  seen.CopyFrom(expected, seen.GetAllocator());
  const std::string type = type_of(stated);
  if (const auto names = not_told.find(type); names != not_told.end()) leave_out(seen, names->second);
  blank(seen, stated.HasMember("hidden"), seen.GetAllocator());
  if (type == "task_storage" || type == "cgrp_storage") leave_owners(seen);
  if (is_queue(stated) && has_more_than_the_next(stated)) {
    seen.RemoveMember("entry_count"); // nobody tells how many there are
    if (seen.HasMember("elements"))
      while (seen["elements"].Size() > 1) seen["elements"].PopBack();
  }
  return seen;
}

/// Threads have descriptors since 6.9 alone, and removed groups no directory.
bool ByLookups::may_be_asked_for(const Value& owner) const {
  if (owner.HasMember("pid")) return knows_threads_ || owner["pid"] == owner["tgid"];
  return !owner.HasMember("state");
}

void ByLookups::leave_owners(Document& expected) const {
  if (!expected.HasMember("entries")) return;
  Value left(rapidjson::kArrayType);
  for (auto& entry : expected["entries"].GetArray())
    if (may_be_asked_for(entry["owner"])) left.PushBack(entry, expected.GetAllocator());
  if (expected.HasMember("entry_count")) expected["entry_count"].SetUint(left.Size());
  expected["entries"] = left;
}

} // namespace mapscope::guest
