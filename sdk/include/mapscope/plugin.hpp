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

  [[nodiscard]] std::string_view config(const char* key) {
    msc_value value{};
    check(host_->config(call_, key, &value));
    return {static_cast<const char*>(value.data), value.size};
  }

  // Rows. No value: it exists and could not be read.
  void value(std::optional<Bytes> value) { row(MSC_VALUE, {}, of(value)); }
  void entry(Bytes key, std::optional<Bytes> value) { row(MSC_ENTRY, of(key), of(value)); }
  void element(std::uint32_t index, std::optional<Bytes> value) { row(MSC_ELEMENT, of(index), of(value)); }
  void percpu_entry(Bytes key, std::span<const msc_value> copies) {
    row(MSC_PERCPU_ENTRY, of(key), {}, copies);
  }
  void percpu_element(std::uint32_t index, std::span<const msc_value> copies) {
    row(MSC_PERCPU_ELEMENT, of(index), {}, copies);
  }
  /// One copy for percpu_entry() and percpu_element(); a CPU that does not exist has msc_value{}.
  [[nodiscard]] msc_value of(std::optional<Bytes> bytes) const {
    if (!bytes) return {MSC_DECLARED, nullptr, target.value_size};
    return {MSC_DECLARED, bytes->data(), bytes->size()};
  }

  void count(std::uint64_t more) { check(host_->count(call_, more)); }
  void note(int rc, const char* text) { check(host_->note(call_, rc, text)); }
  /// Ends the render: it cannot be decoded, and why.
  [[noreturn]] void fail(const char* why) {
    note(MSC_EFAIL, why);
    throw Stop{MSC_EFAIL};
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
  void row(std::uint32_t shape, msc_value key, msc_value value, std::span<const msc_value> copies = {}) {
    const msc_row row{sizeof(msc_row), shape, key, value, copies.data(), copies.size()};
    check(host_->row(call_, &row));
  }

  const msc_host* host_;
  msc_call* call_;
};

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
    host->note(call, MSC_EFAIL, error.what());
  } catch (...) {
    host->note(call, MSC_EFAIL, "an exception of unknown type");
  }
  return MSC_EFAIL;
}

} // namespace mapscope

#define MSC_STRINGIZE_(X) #X
#define MSC_STRINGIZE(X) MSC_STRINGIZE_(X)

/// Once per plugin: its render function and its manifest lines, "key=value\0key=value". abi= is added here.
#define MSC_PLUGIN(RENDER, TEXT)                                                                             \
  MSC_MANIFEST("abi=" MSC_STRINGIZE(MSC_ABI_MAJOR) "." MSC_STRINGIZE(MSC_ABI_MINOR) "\0" TEXT);              \
  extern "C" const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR,             \
                                               &mapscope::guarded<RENDER>}
