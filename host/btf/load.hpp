// SPDX-License-Identifier: Apache-2.0
// Bytes of a BTF object into libbpf's, with the checks that libbpf leaves out. Private to this folder.
//
// Refuses: big-endian objects, and those without one type that can be read. Thread rule: any thread.
#pragma once

#include "host/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

struct btf;

namespace mapscope::btf {

/// What libbpf can hold, and copies of the records that it cannot, by their ids.
struct Loaded {
  struct btf* btf = nullptr;
  std::vector<std::pair<std::uint32_t, std::vector<std::byte>>> wide;
};

/// The caller frees `btf` with btf__free(). The error is one clause without the object's name.
Result<Loaded> load_btf(std::span<const std::byte> raw, struct btf* base);

} // namespace mapscope::btf
