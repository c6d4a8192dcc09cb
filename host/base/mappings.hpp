// SPDX-License-Identifier: Apache-2.0
// Which files are mapped where, for whoever handles a fault: a file that becomes shorter while it is mapped
// faults its reader, whoever that is.
//
// Refuses: to know more than a few; of others nothing is told. Thread rule: any thread; lost_file_at() from a
// signal handler too.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace mapscope {

/// A mapping of the file that `fd` is open for, known while this lives.
class KnownMapping {
public:
  KnownMapping(std::span<const std::byte> bytes, int fd, const std::string& name);
  KnownMapping(KnownMapping&& other) noexcept;
  KnownMapping& operator=(KnownMapping&&) = delete;
  ~KnownMapping();

private:
  int slot_ = -1;
};

/// The name of the file whose mapping `address` lies in, where that file has become shorter than its mapping;
/// else null. Async-signal-safe.
const char* lost_file_at(const void* address) noexcept;

} // namespace mapscope
