// SPDX-License-Identifier: Apache-2.0
// A file with types that a person names: alone, on a kernel's types, and compared with them.
#include "host/btf/same_layout.hpp"
#include "host/btf/types_file.hpp"
#include "tests/support/btf_builder.hpp"

#include "input.hpp"

namespace mapscope::fuzz {
namespace {

std::shared_ptr<const btf::Types> make_kernel() {
  test::BtfBuilder builder;
  builder.record("r", {{"a", builder.u32()}, {"b", builder.array(builder.u64(), 2)}});
  return builder.types("vmlinux");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kernel = make_kernel();
  const File file(data, size);
  const auto read = btf::TypesFile::read(file.path());
  const auto types = read ? read->types(kernel) : Result<std::shared_ptr<const btf::Types>>(nullptr);
  if (!types || !*types) return 0;
  const auto own = kernel->find("struct r");
  for (btf::TypeId id = 1; id < (*types)->count(); ++id) {
    (void)btf::same_layout(**types, id, *kernel, *own);
    (void)btf::same_layout(**types, id, **types, (*types)->count() - id);
  }
  return 0;
}

} // namespace mapscope::fuzz
