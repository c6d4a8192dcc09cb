// SPDX-License-Identifier: Apache-2.0
// The text form of a FakeHost.
#include <mapscope/testing/fake_host.hpp>

#include "image_elements.hpp"
#include "image_types.hpp"
#include "image_words.hpp"

#include <span>
#include <stdexcept>

namespace mapscope::testing {

namespace {

void set_target(msc_target& target, std::string_view name, std::uint64_t value) {
  const auto narrow = static_cast<std::uint32_t>(value);
  const std::map<std::string_view, std::uint32_t*> fields = {
      {"attach", &target.attach},         {"map_type", &target.map_type},
      {"map_flags", &target.map_flags},   {"key_size", &target.key_size},
      {"value_size", &target.value_size}, {"max_entries", &target.max_entries},
      {"row_limit", &target.row_limit},   {"id", &target.id},
      {"btf_id", &target.btf_id},
  };
  if (name == "map") {
    target.map = value;
  } else if (const auto field = fields.find(name); field != fields.end() && value == narrow) {
    *field->second = narrow;
  } else {
    throw std::invalid_argument("msc_target has no such field or it is narrower: " + std::string(name));
  }
}

void set_target(msc_target& target, std::string& map_name, Words& words) {
  for (auto word = words.next(); !word.empty(); word = words.next()) {
    const auto [name, value] = assignment(word);
    if (name == "name")
      map_name = value;
    else
      set_target(target, name, number(value));
  }
}

/// A type, or that of the keys or values of the map last spoken of.
void of_map_btf(FakeHost& host, Words& words) {
  const auto kind = words.next();
  const bool is_key = kind == "key_type";
  auto* const other = host.others.empty() ? nullptr : &host.others.back();
  if (is_key || kind == "value_type")
    (other == nullptr ? (is_key ? host.key_type : host.value_type)
                      : (is_key ? other->key_type : other->value_type)) = words.rest();
  else
    host.types.push_back(kind == "enum" ? enumeration(MSC_MAP_BTF, words) : type(MSC_MAP_BTF, kind, words));
}

/// `value_type` is resolved when all types are known.
void parse(FakeHost& host, std::string& value_type, Words words) {
  const auto first = words.next();
  if (first.empty()) return;
  if (first == "enum") {
    host.types.push_back(enumeration(MSC_KERNEL_BTF, words));
  } else if (first == "struct" || first == "union") {
    host.types.push_back(type(MSC_KERNEL_BTF, first, words));
  } else if (first == "value_type") {
    value_type = words.rest();
  } else if (first == "map") {
    of_map_btf(host, words);
  } else if (first == "arena") {
    host.arena = number(assignment(words.next()).second);
  } else if (first == "root") {
    host.target.root = number(words.next());
    const auto kind = words.next();
    host.root_type = std::string(kind) + " " + std::string(words.next());
    host.root_name = words.rest();
  } else if (first == "config") {
    const auto key = words.next();
    host.config.emplace(key, words.rest());
  } else if (first == "cpu") {
    const auto cpu = static_cast<std::uint32_t>(number(words.next()));
    host.cpus[cpu] = number(assignment(words.next()).second);
  } else if (first == "symbol") {
    const auto address = number(words.next());
    host.symbols[address] = words.rest();
  } else if (first == "mapped" || first == "unknown") {
    const auto address = number(words.next()), size = number(words.next());
    const auto page = first == "mapped" ? number(assignment(words.next()).second) : 0;
    host.regions[address] = {size, page, first == "mapped"};
  } else if (first.starts_with('@')) {
    auto& bytes = host.memory[number(first.substr(1))];
    for (auto word = words.next(); !word.empty(); word = words.next()) append(bytes, word);
  } else if (first == "target") {
    set_target(host.target, host.name, words);
  } else if (first == "other") {
    auto& other = host.others.emplace_back();
    other.name = words.next();
    other.target.size = sizeof other.target;
    other.target.key_type = other.target.value_type = MSC_BYTES;
    set_target(other.target, other.name, words);
  } else if (!parse_element(host, first, words)) {
    throw std::invalid_argument("\"" + std::string(first) + "\" begins no line of an image");
  }
}

} // namespace

FakeHost::FakeHost(std::string_view image) {
  target.size = sizeof target;
  target.key_type = target.value_type = MSC_BYTES;
  std::string value_type;
  for (std::size_t line = 1; !image.empty(); ++line) {
    const auto end = std::min(image.find('\n'), image.size());
    try {
      parse(*this, value_type, Words(image.substr(0, end)));
    } catch (const std::exception& error) {
      throw std::invalid_argument("line " + std::to_string(line) + ": " + error.what());
    }
    image.remove_prefix(std::min(end + 1, image.size()));
  }
  target.value_type = handle(MSC_KERNEL_BTF, value_type);
  complete_types(*this);
}

} // namespace mapscope::testing
