// SPDX-License-Identifier: Apache-2.0
// One element of a map, as the renderer that stands next for it finds it; in rows() also the row that fields
// are added to.
//
// Paths and what lacks: as object.hpp says. Included by plugin.hpp. Thread rule: as plugin.h. Borrowed: until
// the function that it was handed to returns; from lookup(), until render() does.
#pragma once

#include <mapscope/object.hpp>

namespace mapscope {

class Element : public Fields {
public:
  Element(const Helpers& helpers, const msc_element& element) : Fields(helpers), element_(element) {}
  /// Its bytes are borrowed while the function runs that was handed it: there is nothing to keep.
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;
  Element(Element&&) = default;
  Element& operator=(Element&&) = delete;

  [[nodiscard]] std::uint32_t shape() const { return element_.shape; }
  /// Kernel address of the struct bpf_map that it is of.
  [[nodiscard]] std::uint64_t map() const { return element_.map; }
  /// Address of the task, cgroup, socket or inode that it belongs to; 0: none, or not known.
  [[nodiscard]] std::uint64_t owner() const { return element_.owner; }
  [[nodiscard]] const msc_value& key() const { return element_.key; }
  [[nodiscard]] const msc_value& value() const { return element_.value; }
  [[nodiscard]] bool is_per_cpu() const {
    return shape() == MSC_PERCPU_ELEMENT || shape() == MSC_PERCPU_ENTRY;
  }
  /// copies()[n] is CPU n's; see has_cpu().
  [[nodiscard]] std::span<const msc_value> copies() const { return {element_.copies, element_.copy_count}; }
  [[nodiscard]] bool has_cpu(std::uint32_t cpu) const {
    return cpu < element_.copy_count && (copies()[cpu].data != nullptr || copies()[cpu].size != 0);
  }

  /// A member of the value. Where each CPU has a copy: the sum over the CPUs that there are; of what has no
  /// sum, a bool, an enum or a struct, the copy of the first of them.
  template <class T> [[nodiscard]] T get(Path path = "") {
    if (!is_per_cpu()) return of_value().template get<T>(path);
    return *over_cpus<T>(path, [](Object copy, const char* of) { return std::optional(copy.member(of)); });
  }
  template <class T> [[nodiscard]] std::optional<T> get_if(Path path = "") {
    if (!is_per_cpu()) return of_value().template get_if<T>(path);
    if (!first_cpu()) return std::nullopt;
    return over_cpus<T>(path, [](Object copy, const char* of) { return copy.member_if(of); });
  }
  /// One CPU's.
  template <class T> [[nodiscard]] T get(Path path, std::uint32_t cpu) {
    return of_cpu(cpu).template get<T>(path);
  }
  template <class T> [[nodiscard]] std::optional<T> get_if(Path path, std::uint32_t cpu) {
    return has_cpu(cpu) ? of_cpu(cpu).template get_if<T>(path) : std::nullopt;
  }
  /// Of the value; where each CPU has a copy, of the first one's.
  [[nodiscard]] std::string string(Path path = "") { return of_first().string(path); }
  [[nodiscard]] std::string string(Path path, std::uint32_t cpu) { return of_cpu(cpu).string(path); }
  [[nodiscard]] std::optional<std::string> string_if(Path path = "") {
    return is_per_cpu() && !first_cpu() ? std::nullopt : of_first().string_if(path);
  }
  template <class T> [[nodiscard]] T key(Path path = "") { return of_key().template get<T>(path); }
  template <class T> [[nodiscard]] std::optional<T> key_if(Path path = "") {
    return of_key().template get_if<T>(path);
  }
  [[nodiscard]] std::string key_string(Path path = "") { return of_key().string(path); }

  /// The row is not shown. Before any field of it, and with rows() alone.
  void leave_out() { is_left_out_ = true; }
  [[nodiscard]] bool is_left_out() const { return is_left_out_; }
  /// What was opened for it, by whichever object, and not closed.
  void close_all() { close_to(open_before_); }

private:
  [[nodiscard]] Object of_key() const { return {*this, element_.key, "the key"}; }
  [[nodiscard]] Object of_value() const { return {*this, element_.value}; }
  [[nodiscard]] Object of_cpu(std::uint32_t cpu) {
    if (!has_cpu(cpu)) fail("there is no copy of CPU " + std::to_string(cpu));
    return {*this, copies()[cpu]};
  }
  [[nodiscard]] std::optional<std::uint32_t> first_cpu() const {
    for (std::uint32_t cpu = 0; cpu < element_.copy_count; ++cpu)
      if (has_cpu(cpu)) return cpu;
    return std::nullopt;
  }
  [[nodiscard]] Object of_first() {
    if (!is_per_cpu()) return of_value();
    const auto cpu = first_cpu();
    if (!cpu) throw Stop{MSC_EFAULT}; // its copies are not in the snapshot
    return of_cpu(*cpu);
  }

  /// Nothing as soon as ask(copy, path) gives nothing.
  template <class T, class Ask> std::optional<T> over_cpus(const char* path, Ask ask) {
    Object first = of_first();
    if constexpr (std::is_floating_point_v<T>) {
      return sum<T>(path, ask, [&](Object& copy, const msc_scalar& scalar) {
        return static_cast<T>(copy.real(scalar, path));
      });
    } else if constexpr (is_integer<T>) {
      const auto whole = sum<Wide>(
          path, ask, [&](Object& copy, const msc_scalar& scalar) { return copy.integer(scalar, path); });
      return whole ? std::optional(first.template fitting<T>(*whole, path)) : std::nullopt;
    } else {
      return ask(first, path) ? first.template get_if<T>(path) : std::nullopt;
    }
  }
  template <class Sum, class Ask, class Number>
  std::optional<Sum> sum(const char* path, Ask ask, Number number) {
    Sum sum{};
    for (std::uint32_t cpu = 0; cpu < element_.copy_count; ++cpu) {
      if (!has_cpu(cpu)) continue;
      Object copy(*this, copies()[cpu]);
      const std::optional<msc_scalar> scalar = ask(copy, path);
      if (!scalar) return std::nullopt;
      sum += number(copy, *scalar);
    }
    return sum;
  }

  msc_element element_;
  unsigned open_before_ = open();
  bool is_left_out_ = false;
};

} // namespace mapscope
