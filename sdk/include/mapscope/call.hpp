// SPDX-License-Identifier: Apache-2.0
// One render in progress, as a plugin in C++ sees it: the helpers of plugin.h, which throw inside the plugin.
//
// Every method is one helper and a check of its result. Included by plugin.hpp. Thread rule: as plugin.h.
#pragma once

#include <mapscope/element.hpp>
#include <mapscope/fields.hpp>
#include <mapscope/object.hpp>
#include <mapscope/plugin.h>
#include <mapscope/walk.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace mapscope {

class Call : public Fields {
public:
  Call(const msc_host* host, msc_call* call, const msc_target& target)
      : Fields(host, call, &state_), target(target) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

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

  /// These bytes are about to be read: a packed dump can then be unpacked on all CPUs. On a machine that runs
  /// they are looked at once more, if anything else was since; false where they are not as they were.
  bool will_read(std::uint32_t space, std::uint64_t address, std::uint64_t length) {
    const int rc = host_->will_read(call_, space, address, length);
    if (rc != MSC_EFAULT && rc != MSC_ENOENT) check(rc); // only ever a hint
    return rc == MSC_OK;
  }

  /// The same of all that was read so far; nothing where it cannot be.
  std::optional<bool> look_again() {
    const int rc = host_->will_read(call_, MSC_KERNEL, 0, UINT64_MAX);
    if (rc != MSC_EFAULT && rc != MSC_ENOENT) check(rc);
    return rc == MSC_EFAULT ? std::nullopt : std::optional(rc == MSC_OK);
  }

  /// Of a machine that runs, pieces of `piece` bytes as they are now, one behind the other; there[i] says
  /// which could be read. False: here there is read() alone.
  [[nodiscard]] bool read_now(std::span<const std::uint64_t> addresses, std::uint32_t piece,
                              std::span<std::byte> to, std::span<std::uint8_t> there) {
    if (to.size() / piece < addresses.size() || there.size() < addresses.size()) throw Stop{MSC_EINVAL};
    const msc_pieces pieces{sizeof(msc_pieces), piece,     addresses.size(),
                            addresses.data(),   to.data(), there.data()};
    const int rc = host_->read_now(call_, &pieces);
    if (rc != MSC_ENOENT) check(rc);
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
  /// The same of a key that comes in no other entry: the host need not see to that.
  void entry_once(Bytes key, std::optional<Bytes> value) {
    row(MSC_ENTRY, of(key), of(value), {}, MSC_ROW_ONCE);
  }
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
  void open_percpu_element(std::uint32_t index, std::span<const msc_value> copies) {
    row(MSC_PERCPU_ELEMENT, of(index), {}, copies, MSC_ROW_OPEN);
  }

  // Elements, as the renderer that stands next for their map finds them. `function` takes an Element& and may
  // return false for: no more.
  /// Of a decoder, mode=element in the manifest, and once: they become the rows, and fields that the function
  /// adds become members of its row. A row is shown with what it had by then where memory lacks or fail()
  /// gives it up, and as it is where it has no type; the report says how many. Afterwards fields are the
  /// map's. False: the map could not be read as a whole.
  template <class Function> bool rows(Function function) { return Walk(*this, function, MSC_ROWS).run(0); }
  /// To look at them alone. False: the map could not be read as a whole, which the report then says.
  template <class Function> bool elements(Function function) { return elements(this_map(), function); }
  template <class Function> bool elements(const Map& map, Function function) {
    if (Walk(*this, function, 0).run(other_than_target(map))) return true;
    note(MSC_EFAULT, "some elements of the map " + map.name + " could not be read");
    return false;
  }
  [[nodiscard]] Map this_map() const { return Map(target); }
  /// By its name, or "id:N", of the programs that use this one; of all with the manifest's maps=any.
  [[nodiscard]] std::optional<Map> find_map(const char* name) {
    msc_target ret{};
    ret.size = sizeof ret;
    return found(host_->find_map(call_, name, &ret)) ? std::optional(Map(ret)) : std::nullopt;
  }
  /// The element with this key: of the key's own type, an index as std::uint32_t, or an object's address.
  [[nodiscard]] std::optional<Element> lookup(const Map& map, Bytes key) {
    msc_element ret{};
    ret.size = sizeof ret;
    const int rc = host_->lookup(call_, other_than_target(map), key.data(), key.size(), &ret);
    return found(rc) ? std::optional(Element(*this, ret)) : std::nullopt;
  }
  /// With the key of another element.
  [[nodiscard]] std::optional<Element> lookup(const Map& map, const msc_value& key) {
    return lookup(map, Bytes(static_cast<const std::byte*>(key.data), key.data != nullptr ? key.size : 0));
  }
  template <class Key>
    requires(std::is_trivially_copyable_v<Key> && !std::is_convertible_v<Key, Bytes>)
  [[nodiscard]] std::optional<Element> lookup(const Map& map, const Key& key) {
    return lookup(map, Bytes(std::as_bytes(std::span(&key, 1))));
  }

  // Members by their paths: object.hpp says how.
  [[nodiscard]] Object object_at(std::uint32_t space, std::uint64_t address, msc_type type) const {
    return {*this, space, address, type};
  }
  /// Finds the type by its name each time; for many objects of one type see above.
  [[nodiscard]] Object kernel_object(std::uint64_t address, const char* type) {
    return object_at(MSC_KERNEL, address, kernel_type(type));
  }
  template <class T> [[nodiscard]] T get(const msc_value& value, Path path = "") {
    return Object(*this, value).template get<T>(path);
  }
  template <class T> [[nodiscard]] std::optional<T> get_if(const msc_value& value, Path path = "") {
    return Object(*this, value).template get_if<T>(path);
  }
  [[nodiscard]] std::string string(const msc_value& value, Path path = "") {
    return Object(*this, value).string(path);
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

private:
  /// As msc_elements.map says it.
  [[nodiscard]] std::uint64_t other_than_target(const Map& map) const {
    return map.address() != target.map ? map.address() : 0;
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

  RenderState state_;
};

} // namespace mapscope
