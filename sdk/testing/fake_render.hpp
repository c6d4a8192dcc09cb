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
#include <deque>
#include <memory>
#include <span>
#include <thread>

namespace mapscope::testing {

/// One render in progress: what plugins know as struct msc_call. The real host has a type of that name, and
/// one program may hold both.
struct Render {
  const FakeHost& host;
  std::optional<Failure> failure;
  Report report{};
  BeyondTypes made_up;
  msc_target target{}; ///< as render() has it
  bool stopped = false;
  std::uint64_t bytes = 0; ///< read and handed over
  bool has_value = false;
  std::vector<bool> fields{}; ///< open objects and lists: which are lists
  MemberNames names{host.target.root != 0  ? MemberNames::Reserved(allocator_member_names)
                    : host.target.map == 0 ? MemberNames::Reserved(kernel_member_names)
                                           : MemberNames::Reserved(map_member_names)};
  bool row_open = false, row_counts = false, has_fields = false;
  bool has_elements = false, in_each = false;
  bool in_row = false;                      ///< each() runs for a row
  std::uint64_t row_fields = 0;             ///< of that row
  std::deque<FakeHost::Map> made_maps{};    ///< what find_map() made up
  std::vector<std::byte> member{};          ///< what member_at() has read
  std::deque<std::shared_ptr<void>> held{}; ///< what lookup() has lent
  std::optional<std::uint32_t> shape{};     ///< of the rows behind the value
  bool has_slots = false;
  std::thread::id thread = std::this_thread::get_id();
  unsigned helper = 0;        ///< the last that was called: its place in msc_host
  std::uint64_t patience = 0; ///< helpers called after MSC_STOP, note() too
  std::jmp_buf out{};         ///< how a plugin is left that would never return
};

constexpr msc_type first_type = 0x1000;

int misuse(Render* call, std::string what);
using contract::begin_filling;

/// MSC_OK when so many bytes more may be read or handed over.
int take(Render* call, std::uint64_t bytes);
/// What read() reads, its arguments being in order.
int read_memory(Render* call, std::uint32_t space, std::uint64_t address, std::span<std::byte> to);
std::uint32_t cpu_count(Render* call);
/// What mapscope itself judges by.
contract::Subject subject(Render* call);
contract::Progress progress(const Render* call);
/// Whether the next row only counts.
bool is_beyond_limit(const Render* call, std::uint32_t shape);

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

int row(Render* call, const msc_row* row);
int count(Render* call, std::uint64_t more);
int field(Render* call, const msc_field* field);

int elements(Render* call, const msc_elements* wanted);
int find_map(Render* call, const char* name, msc_target* ret);
int lookup(Render* call, std::uint64_t map, const void* key, std::size_t key_size, msc_element* ret);

int member_of(Render* call, const msc_value* value, const char* path, msc_scalar* ret);
int member_at(Render* call, std::uint32_t space, std::uint64_t address, msc_type type, const char* path,
              msc_scalar* ret);

} // namespace mapscope::testing
