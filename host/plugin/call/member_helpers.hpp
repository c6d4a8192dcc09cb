// SPDX-License-Identifier: Apache-2.0
// Members of values and of objects in memory, by their paths: member_of(), member_at().
//
// Refuses: to follow more than a few pointers of one path, and to read an object as large as no member is. An
// object of the kernel has the kernel's own layout: that of a program names what it uses, and no more. Thread
// rule: belongs to the thread that renders.
#pragma once

#include "host/btf/scalar.hpp"
#include "host/plugin/call/task.hpp"

#include <mapscope/plugin.h>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plugin {

class Memory;
class TypeHelpers;
class Words;

class MemberHelpers {
public:
  MemberHelpers(const Task& task, Words& words, Memory& memory, TypeHelpers& types)
      : task_(task), words_(words), memory_(memory), types_(types) {}

  int of(const msc_value& value, const char* path, msc_scalar* found);
  int at(std::uint32_t space, std::uint64_t address, msc_type type, const char* path, msc_scalar* found);

private:
  /// A type by its handle, and what that means.
  struct Handle {
    msc_type type;
    catalog::TypeRef ref;
  };
  struct Place {
    std::uint32_t space = MSC_KERNEL;
    std::uint64_t address = 0;
  };
  const btf::Leg* leg(const Handle& from, std::string_view path);
  int in_memory(const Place& place, const Handle& from, std::string_view path, unsigned pointers,
                msc_scalar* found);
  int follow(const Handle& from, const btf::Leg& leg, std::span<const std::byte> bytes, unsigned pointers,
             msc_scalar* found);
  [[nodiscard]] std::optional<catalog::TypeRef> kernels_own(const catalog::TypeRef& type) const;

  const Task& task_;
  Words& words_;
  Memory& memory_;
  TypeHelpers& types_;
  /// Asked for again and again are the same few paths.
  std::map<msc_type, std::map<std::string, btf::Leg, std::less<>>> legs_;
  std::vector<std::byte> bytes_; ///< that were read last
};

} // namespace mapscope::plugin
