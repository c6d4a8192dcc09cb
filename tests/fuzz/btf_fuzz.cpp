// SPDX-License-Identifier: Apache-2.0
// BTF as a kernel's and as a module's over a fixed base: every question about every type, and values of each.
#include "input.hpp"
#include "tests/support/btf_builder.hpp"
#include "tests/support/value_tree.hpp"

#include <algorithm>
#include <array>

namespace mapscope::fuzz {
namespace {

constexpr btf::TypeId most_types = 64; ///< looked at one by one: what is wrong with a type shows in few
constexpr btf::Limits limits{.depth = 16, .elements = 64, .nodes = 2000};

void show(const std::shared_ptr<const btf::Types>& types, btf::TypeId id) {
  static constexpr std::array<std::byte, 200> value{};
  const auto decoder = btf::Decoder::compile(types, id, limits);
  for (const std::size_t size : {0, 3, 200}) {
    test::TreeVisitor visitor; // throws when the events do not form one value
    decoder->decode(std::span(value).first(size), visitor);
  }
}

void ask(const std::shared_ptr<const btf::Types>& types) {
  const btf::TypeId end = std::min(types->count(), most_types);
  for (btf::TypeId id = 0; id < end; ++id) {
    (void)types->peel(id);
    (void)types->size(id);
    (void)types->array_length(id);
    const std::string name = types->spell(id);
    (void)types->find(name);
    (void)types->member(id, "a");
    (void)types->offset_of(name, "a[1].b");
    (void)types->enumerator(types->name_of(id));
    show(types, id);
  }
}

std::shared_ptr<const btf::Types> make_base() {
  test::BtfBuilder builder;
  builder.record("base", {{"a", builder.u32()}});
  return builder.types("base");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto base = make_base();
  if (const auto types = btf::Types::parse(as_bytes(data, size), "own")) ask(*types);
  if (const auto types = btf::Types::parse(as_bytes(data, size), "split", base)) ask(*types);
  return 0;
}

} // namespace mapscope::fuzz
