// SPDX-License-Identifier: Apache-2.0
#include "image_elements.hpp"

#include <algorithm>

namespace mapscope::testing {

namespace {

using Bytes = std::vector<std::byte>;

std::optional<std::uint32_t> shape_of(std::string_view word) {
  constexpr std::string_view names[] = {"value",          "entry",        "element",
                                        "percpu_element", "percpu_entry", "queued"};
  const auto found = std::ranges::find(names, word == "owned" ? "entry" : word);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<std::uint32_t>(found - std::begin(names));
}

/// The bytes up to the word `end`, or nothing where they are ??.
std::optional<Bytes> bytes_up_to(std::string_view end, Words& words) {
  std::optional<Bytes> bytes = Bytes();
  for (auto word = words.next(); !word.empty() && word != end; word = words.next()) {
    if (word == "??")
      bytes.reset();
    else if (bytes)
      append(*bytes, word);
  }
  return bytes;
}

/// "[ 01 02 | - | ?? ]"
std::vector<FakeHost::Copy> copies(Words& words) {
  std::vector<FakeHost::Copy> copies;
  if (words.next() != "[") throw std::invalid_argument("copies begin with [");
  bool is_new = true;
  for (auto word = words.next(); !word.empty() && word != "]"; word = words.next()) {
    if (word == "|") {
      is_new = true;
      continue;
    }
    if (is_new)
      copies.push_back({word != "-", word == "-" || word == "??" ? std::nullopt : std::optional(Bytes())});
    is_new = false;
    if (copies.back().bytes) append(*copies.back().bytes, word);
  }
  return copies;
}

void expect_equals(Words& words) {
  if (words.next() != "=") throw std::invalid_argument("an element is KEY = VALUE");
}

} // namespace

bool parse_element(FakeHost& host, std::string_view first, Words& words) {
  FakeHost::Elements& elements = host.others.empty() ? host.elements : host.others.back().elements;
  if (first == "lost") return elements.lost = true;
  const auto shape = shape_of(first);
  if (!shape) return false;
  FakeHost::Element element;
  element.shape = *shape;
  if (first == "owned") {
    element.owner = number(words.next());
    append(element.key, element.owner, sizeof element.owner);
    expect_equals(words);
  } else if (*shape == MSC_ENTRY || *shape == MSC_PERCPU_ENTRY) {
    element.key = bytes_up_to("=", words).value();
  } else {
    append(element.key, *shape == MSC_VALUE ? 0 : number(words.next()), sizeof(std::uint32_t));
    if (*shape != MSC_VALUE) expect_equals(words);
  }
  if (*shape == MSC_PERCPU_ELEMENT || *shape == MSC_PERCPU_ENTRY)
    element.copies = copies(words);
  else
    element.value = bytes_up_to("", words);
  elements.all.push_back(std::move(element));
  return true;
}

} // namespace mapscope::testing
