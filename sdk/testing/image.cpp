// SPDX-License-Identifier: Apache-2.0
// The text form of a FakeHost.
#include <mapscope/testing/fake_host.hpp>

#include <charconv>
#include <span>
#include <stdexcept>

namespace mapscope::testing {

namespace {

constexpr std::uint64_t largest_fill = 64 << 20;

/// The words of one line.
class Words {
public:
  explicit Words(std::string_view line) : rest_(line.substr(0, line.find('#'))) {}

  /// "" at the end.
  std::string_view next() {
    const auto start = rest_.find_first_not_of(" \t");
    rest_.remove_prefix(start == rest_.npos ? rest_.size() : start);
    const auto word = rest_.substr(0, rest_.find_first_of(" \t"));
    rest_.remove_prefix(word.size());
    return word;
  }
  std::string_view rest() {
    const auto start = rest_.find_first_not_of(" \t");
    const auto end = rest_.find_last_not_of(" \t");
    return start == rest_.npos ? std::string_view() : rest_.substr(start, end - start + 1);
  }

private:
  std::string_view rest_;
};

std::uint64_t number(std::string_view text) {
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::invalid_argument("\"" + std::string(text) + "\" is no number");
  return value;
}

/// "name=value" in two.
std::pair<std::string_view, std::string_view> assignment(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == word.npos) throw std::invalid_argument("\"" + std::string(word) + "\" has no =");
  return {word.substr(0, equals), word.substr(equals + 1)};
}

void set_target(msc_target& target, std::string_view name, std::uint64_t value) {
  const auto narrow = static_cast<std::uint32_t>(value);
  const std::map<std::string_view, std::uint32_t*> fields = {
      {"attach", &target.attach},         {"map_type", &target.map_type},
      {"map_flags", &target.map_flags},   {"key_size", &target.key_size},
      {"value_size", &target.value_size}, {"max_entries", &target.max_entries},
      {"row_limit", &target.row_limit},
  };
  if (name == "map") {
    target.map = value;
  } else if (const auto field = fields.find(name); field != fields.end() && value == narrow) {
    *field->second = narrow;
  } else {
    throw std::invalid_argument("msc_target has no such field or it is narrower: " + std::string(name));
  }
}

/// OFFSET, OFFSET:function or OFFSET:struct:NAME
FakeHost::Member whole_member(std::string_view text) {
  const auto colon = text.find(':');
  FakeHost::Member member{static_cast<std::uint32_t>(number(text.substr(0, colon)) * 8), 0, false, {}};
  if (colon == text.npos) return member;
  member.type = text.substr(colon + 1);
  const auto space = member.type.find(':');
  member.is_function = member.type == "function";
  if (space != member.type.npos) member.type[space] = ' ';
  return member;
}

FakeHost::Member member(std::string_view text) {
  if (!text.starts_with("bit:")) return whole_member(text);
  text.remove_prefix(4);
  const auto colon = text.find(':');
  if (colon == text.npos) throw std::invalid_argument("a bitfield is bit:OFFSET:WIDTH");
  return {static_cast<std::uint32_t>(number(text.substr(0, colon))),
          static_cast<std::uint32_t>(number(text.substr(colon + 1))),
          false,
          {}};
}

FakeHost::Type type(std::uint32_t scope, std::string_view kind, Words& words) {
  FakeHost::Type type{scope, std::string(kind) + " " + std::string(words.next()), number(words.next()), {}};
  for (auto word = words.next(); !word.empty(); word = words.next()) {
    const auto [path, place] = assignment(word);
    type.members.emplace(path, member(place));
  }
  return type;
}

FakeHost::Type enumeration(Words& words) {
  FakeHost::Type type{MSC_KERNEL_BTF, "enum " + std::string(words.next()), number(words.next()), {}};
  for (auto word = words.next(); !word.empty(); word = words.next()) {
    const auto [name, value] = assignment(word);
    type.enumerators.emplace_back(name, static_cast<std::int64_t>(number(value)));
  }
  return type;
}

void append(std::vector<std::byte>& bytes, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

void append(std::vector<std::byte>& bytes, std::string_view word) {
  const auto colon = word.find(':');
  if (colon == word.npos) {
    if (word.size() != 2) throw std::invalid_argument("\"" + std::string(word) + "\" is no byte");
    return append(bytes, number("0x" + std::string(word)), 1);
  }
  const auto kind = word.substr(0, colon);
  const std::uint64_t value = number(word.substr(colon + 1));
  if (kind == "zero" && value <= largest_fill) return bytes.resize(bytes.size() + value);
  const std::map<std::string_view, std::size_t> sizes = {{"u8", 1}, {"u16", 2}, {"u32", 4}, {"u64", 8}};
  append(bytes, value, sizes.at(kind));
}

/// `value_type` is resolved when all types are known.
void parse(FakeHost& host, std::string& value_type, Words words) {
  const auto first = words.next();
  if (first.empty()) return;
  if (first == "enum") {
    host.types.push_back(enumeration(words));
  } else if (first == "struct" || first == "union") {
    host.types.push_back(type(MSC_KERNEL_BTF, first, words));
  } else if (first == "value_type") {
    value_type = words.rest();
  } else if (first == "map") {
    const auto kind = words.next();
    host.types.push_back(type(MSC_MAP_BTF, kind, words));
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
    for (auto word = words.next(); !word.empty(); word = words.next()) {
      const auto [name, value] = assignment(word);
      set_target(host.target, name, number(value));
    }
  } else {
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
}

} // namespace mapscope::testing
