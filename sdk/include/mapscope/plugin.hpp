// SPDX-License-Identifier: Apache-2.0
// The C++ face of plugin.h, header-only: helper calls that throw inside the plugin and never across the line.
//
// Every Call method is one helper and a check of its result; a failure unwinds the plugin's own frames to
// guarded(), which hands the code back to the host. Thread rule: as plugin.h.
#pragma once

#include <mapscope/plugin.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace mapscope {

using Bytes = std::span<const std::byte>;

/// Thrown by Call, caught by guarded(). A plugin that catches it must stop: the code says why.
struct Stop {
  int rc;
};
/// Thrown by Call::fail(): it is the target that cannot be decoded. A plugin of many parts may catch this and
/// go on with the next.
struct Undecodable : Stop {};

class Call {
public:
  Call(const msc_host* host, msc_call* call, const msc_target& target)
      : target(target), host_(host), call_(call) {}

  const msc_target& target;

  /// All of `to` or Stop{MSC_EFAULT}.
  void read(std::uint32_t space, std::uint64_t address, std::span<std::byte> to) {
    check(host_->read(call_, space, address, to.data(), to.size()));
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] T read(std::uint32_t space, std::uint64_t address) {
    T value;
    read(space, address, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  /// For walkers that go on after a gap: false when the memory is not there. Other failures end the render.
  [[nodiscard]] bool try_read(std::uint32_t space, std::uint64_t address, std::span<std::byte> to) {
    const int rc = host_->read(call_, space, address, to.data(), to.size());
    if (rc != MSC_EFAULT && rc != MSC_ENOENT) check(rc);
    return rc == MSC_OK;
  }

  /// Highest possible CPU number plus one; there may be holes.
  [[nodiscard]] std::uint32_t cpu_count() { return host_->cpu_count(call_); }
  [[nodiscard]] bool cpu_possible(std::uint32_t cpu) { return try_read(MSC_CPU0 + cpu, 0, {}); }

  /// A type of the kernel, "struct bpf_htab"; with ".member" behind it only one that has that member.
  [[nodiscard]] msc_type kernel_type(const char* name) { return type(MSC_KERNEL_BTF, name); }
  /// A type of the map's own BPF object.
  [[nodiscard]] msc_type map_type(const char* name) { return type(MSC_MAP_BTF, name); }
  /// In either scope, and nullopt where there is none.
  [[nodiscard]] std::optional<msc_type> find_type(std::uint32_t scope, const char* name) {
    msc_type found = 0;
    const int rc = host_->type_find(call_, scope, name, &found);
    if (rc == MSC_ENOENT) return std::nullopt;
    check(rc);
    return found;
  }
  [[nodiscard]] std::size_t size(msc_type type) {
    std::size_t size = 0;
    check(host_->type_size(call_, type, &size));
    return size;
  }
  /// Bytes from the start of `type`; bitfields have no byte offset and are refused.
  [[nodiscard]] std::uint32_t offset(msc_type type, const char* path) {
    msc_member member{};
    check(host_->type_member(call_, type, path, &member));
    if (member.bit_size != 0 || member.bit_offset % 8 != 0) fail("a member without a byte offset");
    return member.bit_offset / 8;
  }
  /// The same, and nullopt where this kernel's type has no such member.
  [[nodiscard]] std::optional<std::uint32_t> offset_if(msc_type type, const char* path) {
    msc_member member{};
    const int rc = host_->type_member(call_, type, path, &member);
    if (rc == MSC_ENOENT) return std::nullopt;
    check(rc);
    if (member.bit_size != 0 || member.bit_offset % 8 != 0) fail("a member without a byte offset");
    return member.bit_offset / 8;
  }

  /// The index-th member of a struct or union; false behind the last.
  [[nodiscard]] bool member_at(msc_type type, std::uint32_t index, msc_member_info& found) {
    found.size = sizeof found;
    const int rc = host_->type_member_at(call_, type, index, &found);
    if (rc != MSC_ENOENT) check(rc);
    return rc == MSC_OK;
  }
  /// The next struct behind `found` that begins with a member of type `held`; false when there is none left.
  [[nodiscard]] bool next_holder(msc_type held, msc_member_info& found) {
    found.size = sizeof found;
    const int rc = host_->type_holder(call_, held, found.member.type, &found);
    if (rc != MSC_ENOENT) check(rc);
    return rc == MSC_OK;
  }
  /// The next struct of the map's object behind `found` with a size in [least, most]; false when there is
  /// none left.
  [[nodiscard]] bool next_sized(std::size_t least, std::size_t most, msc_member_info& found) {
    found.size = sizeof found;
    const int rc = host_->type_sized(call_, least, most, found.member.type, &found);
    if (rc != MSC_ENOENT) check(rc);
    return rc == MSC_OK;
  }
  /// The type of a member, bitfield or not.
  [[nodiscard]] msc_type type_of(msc_type type, const char* path) {
    msc_member member{};
    check(host_->type_member(call_, type, path, &member));
    return member.type;
  }

  [[nodiscard]] std::string_view config(const char* key) {
    msc_value value{};
    check(host_->config(call_, key, &value));
    return {static_cast<const char*>(value.data), value.size};
  }

  // Rows. No value: it exists and could not be read.
  void value(std::optional<Bytes> value, msc_type type = MSC_DECLARED) {
    msc_value typed = of(value);
    typed.type = type;
    row(MSC_VALUE, {}, typed);
  }
  void entry(Bytes key, std::optional<Bytes> value) { row(MSC_ENTRY, of(key), of(value)); }
  void element(std::uint32_t index, std::optional<Bytes> value) { row(MSC_ELEMENT, of(index), of(value)); }
  void percpu_entry(Bytes key, std::span<const msc_value> copies) {
    row(MSC_PERCPU_ENTRY, of(key), {}, copies);
  }
  void percpu_element(std::uint32_t index, std::span<const msc_value> copies) {
    row(MSC_PERCPU_ELEMENT, of(index), {}, copies);
  }
  void queued(std::uint32_t place, std::optional<Bytes> value) { row(MSC_QUEUED, of(place), of(value)); }
  /// The same, left open: fields follow, then end().
  void open_entry(Bytes key, std::optional<Bytes> value, msc_type key_type = MSC_DECLARED) {
    msc_value typed_key = of(key);
    typed_key.type = key_type;
    row(MSC_ENTRY, typed_key, of(value), {}, MSC_ROW_OPEN);
  }
  /// An element that belongs to a kernel object; 0 when that is not known.
  void open_owned_entry(const std::uint64_t& owner, std::optional<Bytes> value) {
    open_entry(std::as_bytes(std::span(&owner, 1)), value, MSC_POINTER);
  }
  void open_element(std::uint32_t index, std::optional<Bytes> value, msc_type value_type = MSC_DECLARED) {
    msc_value typed_value = of(value);
    typed_value.type = value_type;
    row(MSC_ELEMENT, of(index), typed_value, {}, MSC_ROW_OPEN);
  }
  void open_percpu_entry(Bytes key, std::span<const msc_value> copies, msc_type key_type = MSC_DECLARED) {
    msc_value typed_key = of(key);
    typed_key.type = key_type;
    row(MSC_PERCPU_ENTRY, typed_key, {}, copies, MSC_ROW_OPEN);
  }

  // Allocators. `reason` says why the payload's type is not known.
  void slots(std::uint64_t stride, std::uint32_t header, msc_type payload, const char* reason = nullptr) {
    const msc_slots slots{sizeof(msc_slots), header, stride, payload, reason};
    check(host_->slots(call_, &slots));
  }
  void slot(std::uint64_t address, std::int32_t idx, std::int32_t genn, bool live = true) {
    const msc_slot slot{sizeof(msc_slot), live ? 1U : 0U, address, idx, genn};
    check(host_->slot(call_, &slot));
  }

  // Fields: members of the map, or of the row left open. `name` is nullptr inside a list.
  void object(const char* name) { field(MSC_OBJECT, name); }
  void list(const char* name) { field(MSC_LIST, name); }
  void end() { field(MSC_END, nullptr); }
  void number(const char* name, std::uint64_t value) { field(MSC_NUMBER, name, value); }
  void signed_number(const char* name, std::int64_t value) {
    field(MSC_SIGNED, name, static_cast<std::uint64_t>(value));
  }
  void flag(const char* name, bool value) { field(MSC_FLAG, name, value ? 1 : 0); }
  void address(const char* name, std::uint64_t value) { field(MSC_ADDRESS, name, value); }
  void real(const char* name, double value) { field(MSC_REAL, name, 0, value); }
  void text(const char* name, std::string_view value) {
    field(MSC_STRING, name, 0, 0, {MSC_BYTES, value.data(), value.size()});
  }
  void hex(const char* name, Bytes value) {
    field(MSC_HEX, name, 0, 0, {MSC_BYTES, value.data(), value.size()});
  }
  void typed(const char* name, Bytes value, msc_type type) {
    field(MSC_TYPED, name, 0, 0, {type, value.data(), value.size()});
  }
  void page(const char* name, Bytes value) {
    field(MSC_PAGE, name, 0, 0, {MSC_BYTES, value.data(), value.size()});
  }
  void absent(const char* name) { field(MSC_ABSENT, name); }

  /// The symbol that an address of code belongs to, if any.
  [[nodiscard]] bool symbol(std::uint64_t address, msc_symbol& found) {
    found.size = sizeof found;
    const int rc = host_->symbol(call_, address, &found);
    if (rc != MSC_ENOENT) check(rc);
    return rc == MSC_OK;
  }

  /// The address of one of the kernel's own symbols; of a per-CPU one for reads in MSC_CPU0 + n.
  [[nodiscard]] std::optional<std::uint64_t> symbol_address(const char* name) {
    std::uint64_t address = 0;
    const int rc = host_->symbol_address(call_, name, &address);
    if (rc == MSC_ENOENT) return std::nullopt;
    check(rc);
    return address;
  }
  /// The index-th enumerator of an enum; false behind the last.
  [[nodiscard]] bool enumerator_at(msc_type type, std::uint32_t index, msc_enumerator& found) {
    found.size = sizeof found;
    const int rc = host_->enumerator_at(call_, type, index, &found);
    if (rc != MSC_ENOENT) check(rc);
    return rc == MSC_OK;
  }

  /// What is mapped first in [begin, end), or nothing. `gap` is set when it is page tables that are missing.
  [[nodiscard]] std::optional<msc_mapping> mapped(std::uint64_t begin, std::uint64_t end, bool& gap) {
    msc_mapping found{};
    const int rc = host_->mapped(call_, begin, end, &found);
    if (rc == MSC_ENOENT) return std::nullopt;
    if (rc != MSC_EFAULT) check(rc);
    gap = rc == MSC_EFAULT;
    return found;
  }

  /// One copy for percpu_entry() and percpu_element(); a CPU that does not exist has msc_value{}.
  [[nodiscard]] msc_value of(std::optional<Bytes> bytes) const {
    if (!bytes) return {MSC_DECLARED, nullptr, target.value_size};
    return {MSC_DECLARED, bytes->data(), bytes->size()};
  }

  void count(std::uint64_t more) { check(host_->count(call_, more)); }
  void note(int rc, const char* text) { check(host_->note(call_, rc, text)); }
  /// What a person should look at first.
  void finding(msc_severity severity, const char* text) { check(host_->finding(call_, severity, text)); }
  /// Ends the render: it cannot be decoded, and why.
  [[noreturn]] void fail(const char* why) {
    note(MSC_EFAIL, why);
    throw Undecodable{{MSC_EFAIL}};
  }

private:
  static void check(int rc) {
    if (rc != MSC_OK) throw Stop{rc};
  }
  [[nodiscard]] msc_value of(const std::uint32_t& index) const {
    return of(std::as_bytes(std::span(&index, 1)));
  }
  msc_type type(std::uint32_t scope, const char* name) {
    msc_type found = 0;
    check(host_->type_find(call_, scope, name, &found));
    return found;
  }
  void row(std::uint32_t shape, msc_value key, msc_value value, std::span<const msc_value> copies = {},
           std::uint64_t flags = 0) {
    const msc_row row{sizeof(msc_row), shape, key, value, copies.data(), copies.size(), flags};
    check(host_->row(call_, &row));
  }
  void field(std::uint32_t kind, const char* name, std::uint64_t number = 0, double real = 0,
             msc_value value = {}) {
    const msc_field field{sizeof(msc_field), kind, name, number, real, value};
    check(host_->field(call_, &field));
  }

  const msc_host* host_;
  msc_call* call_;
};

/// Says why a render fails; what to return for it.
inline int failed_with(const msc_host* host, msc_call* call, const char* why) noexcept {
  const int noted = host->note(call, MSC_EFAIL, why);
  return noted > MSC_OK ? noted : int{MSC_EFAIL}; // a budget is spent
}

/// The exception barrier: nothing a plugin throws reaches the host.
template <void (*Render)(Call&)>
int guarded(const msc_host* host, msc_call* call, const msc_target* target) noexcept {
  try {
    Call wrapped(host, call, *target);
    Render(wrapped);
    return MSC_OK;
  } catch (const Stop& stop) {
    return stop.rc;
  } catch (const std::exception& error) {
    return failed_with(host, call, error.what());
  } catch (...) {
    return failed_with(host, call, "an exception of unknown type");
  }
}

} // namespace mapscope

#define MSC_STRINGIZE_(X) #X
#define MSC_STRINGIZE(X) MSC_STRINGIZE_(X)

/// Once per plugin: its render function and its manifest lines, "key=value\0key=value". abi= is added here.
#define MSC_PLUGIN(RENDER, TEXT)                                                                             \
  MSC_MANIFEST("abi=" MSC_STRINGIZE(MSC_ABI_MAJOR) "." MSC_STRINGIZE(MSC_ABI_MINOR) "\0" TEXT);              \
  extern "C" const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR,             \
                                               &mapscope::guarded<RENDER>}
