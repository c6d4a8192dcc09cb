// SPDX-License-Identifier: Apache-2.0
// One render inside the fake host, and those of its helpers that answer about types.
//
// Thread rule: a Render belongs to the thread that renders.
#pragma once

#include <mapscope/contract.hpp>
#include <mapscope/member_names.hpp>
#include <mapscope/testing/fake_host.hpp>

#include "beyond.hpp"

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <thread>

namespace mapscope::testing {

/// One render in progress: what plugins know as struct msc_call. The real host has a type of that name, and
/// one program may hold both.
struct Render {
  const FakeHost& host;
  std::optional<Failure> failure;
  Report report{};
  BeyondTypes made_up;
  bool stopped = false;
  std::uint64_t bytes = 0; ///< read and handed over
  bool has_value = false;
  std::vector<bool> fields{}; ///< open objects and lists: which are lists
  MemberNames names{host.target.root != 0  ? MemberNames::Reserved(allocator_member_names)
                    : host.target.map == 0 ? MemberNames::Reserved(kernel_member_names)
                                           : MemberNames::Reserved(map_member_names)};
  bool row_open = false, row_counts = false, has_fields = false;
  std::optional<std::uint32_t> shape{}; ///< of the rows behind the value
  bool has_slots = false;
  std::thread::id thread = std::this_thread::get_id();
  unsigned helper = 0;        ///< the last that was called: its place in msc_host
  std::uint64_t patience = 0; ///< helpers called after MSC_STOP, note() too
  std::jmp_buf out{};         ///< how a plugin is left that would never return
};

constexpr msc_type first_type = 0x1000;

int misuse(Render* call, std::string what);
using contract::begin_filling;

/// MSC_OK when the helper may go on.
int enter(Render* call);
/// The type of a handle; null when it is none, or made up.
const FakeHost::Type* known(Render* call, msc_type type);

int type_find(Render* call, std::uint32_t scope, const char* name, msc_type* ret);
int type_size(Render* call, msc_type type, std::size_t* ret);
int type_member(Render* call, msc_type type, const char* path, msc_member* ret);
int type_member_at(Render* call, msc_type type, std::uint32_t index, msc_member_info* ret);
int type_holder(Render* call, msc_type held, msc_type after, msc_member_info* ret);
int type_sized(Render* call, std::size_t least, std::size_t most, msc_type after, msc_member_info* ret);
int enumerator_at(Render* call, msc_type type, std::uint32_t index, msc_enumerator* ret);

} // namespace mapscope::testing
