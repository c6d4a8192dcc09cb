// SPDX-License-Identifier: Apache-2.0
// The kernel's id tables where no symbol tells: told by the objects in them, each of which knows its own id.
//
// Refuses: a table of which most objects say otherwise. A table without objects is not found: it holds
// nothing that it could be told by. Private to this folder. Thread rule: belongs to one thread.
#pragma once

#include "host/catalog/image_words.hpp"
#include "host/catalog/layout.hpp"
#include "host/target/xarray.hpp"

#include <array>
#include <cstdint>
#include <set>
#include <string_view>

namespace mapscope::catalog {

class IdTables {
public:
  static constexpr std::array<std::string_view, 3> names = {"map_idr", "prog_idr", "btf_idr"};

  IdTables(const target::Target& target, const btf::Types& kernel, const ImageWords& image);

  /// A word of the image, which may be the head of one.
  void consider(std::uint64_t address, std::uint64_t word);
  /// Address of struct idr, by place in `names`; 0 where none was found.
  [[nodiscard]] std::uint64_t address(std::size_t table) const { return best_[table].address; }

private:
  struct Fields {
    std::uint64_t flags = 0, base = 0, next = 0; ///< struct idr
    std::uint64_t map_id = 0, map_type = 0, map_ops = 0;
    std::uint64_t aux = 0, aux_id = 0, aux_prog = 0;
    std::uint64_t btf_id = 0, btf_data = 0;
  };
  struct Best {
    std::uint64_t address = 0, right = 0;
  };
  [[nodiscard]] bool is_idr(std::uint64_t idr);
  [[nodiscard]] bool is_map(std::uint64_t id, std::uint64_t object);
  [[nodiscard]] bool is_program(std::uint64_t id, std::uint64_t object);
  [[nodiscard]] bool is_btf(std::uint64_t id, std::uint64_t object);
  template <class T> [[nodiscard]] T get(std::uint64_t address) {
    return reader_.get<T>(address).value_or(0);
  }

  const ImageWords& image_;
  const target::Translator& translator_;
  target::Reader reader_;
  target::XarrayLayout layout_;
  Fields fields_;
  bool is_usable_ = false;        ///< the types have all of these
  std::set<std::uint64_t> heads_; ///< seen; a node knows what it is below, so no two trees share any
  std::array<Best, 3> best_;
};

} // namespace mapscope::catalog
