// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/layout.hpp"

#include "host/base/utf8.hpp"

#include <algorithm>

namespace mapscope::catalog {

namespace {
/// No kernel object read as a whole is anywhere near this; a BTF that says otherwise is not believed.
constexpr std::uint64_t largest_object = 64U << 10;
} // namespace

void Layout::keep(Error error) {
  if (!error_) error_ = std::move(error);
}

std::uint64_t Layout::need(std::string_view path) {
  auto offset = types_.offset_of(type_, path);
  if (offset) return *offset;
  keep(std::move(offset.error()));
  return 0;
}

std::optional<std::uint64_t> Layout::want(std::string_view path) const {
  if (auto offset = types_.offset_of(type_, path)) return *offset;
  return std::nullopt;
}

std::uint64_t Layout::size() {
  const auto id = types_.find(type_);
  if (!id) return keep(id.error()), 0;
  const auto size = types_.size(*id);
  if (!size) return keep(size.error()), 0;
  if (*size > largest_object) return keep({Errc::corrupt, type_ + " is implausibly large in the BTF", {}}), 0;
  return *size;
}

std::optional<Object> Object::read(target::Reader& reader, std::uint64_t address, std::uint64_t size,
                                   target::Fault* fault) {
  std::vector<std::byte> bytes(size);
  *fault = reader.read(address, bytes);
  if (*fault != target::Fault::none) return std::nullopt;
  return Object(std::move(bytes));
}

std::string Object::text(std::uint64_t offset, std::size_t size) const {
  const auto field = slice(bytes_, offset, size);
  if (!field) return {};
  const auto end = std::ranges::find(*field, std::byte{0});
  return valid_utf8(
      {reinterpret_cast<const char*>(field->data()), static_cast<std::size_t>(end - field->begin())});
}

} // namespace mapscope::catalog
