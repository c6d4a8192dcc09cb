// SPDX-License-Identifier: Apache-2.0
// Bytes of a BTF object into libbpf's, with the checks that libbpf leaves out. Private to this folder.
//
// Refuses: big-endian objects, and those without one type that can be read. Thread rule: any thread.
#pragma once

#include "host/base/result.hpp"

#include <cstddef>
#include <span>

struct btf;

namespace mapscope::btf {

/// The caller frees the result with btf__free(). The error is one clause without the object's name.
Result<struct btf*> load_btf(std::span<const std::byte> raw, struct btf* base);

} // namespace mapscope::btf
