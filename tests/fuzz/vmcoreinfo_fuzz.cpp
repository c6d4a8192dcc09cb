// SPDX-License-Identifier: Apache-2.0
// VMCOREINFO text: every key that is asked for anywhere, and what each architecture makes of it.
#include "host/target/arm64.hpp"
#include "host/target/x86_64.hpp"
#include "input.hpp"

#include <array>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mapscope;
  const auto info = target::Vmcoreinfo::parse(fuzz::as_text(data, size));
  for (const char* name :
       {"phys_base", "sme_mask", "KERNEL_IMAGE_SIZE", "init_uts_ns", "kimage_voffset", "a"}) {
    (void)info.symbol(name);
    (void)info.number(name);
    (void)info.offset(name);
    (void)info.hex(name);
  }
  (void)target::X86_64::parameters(info);
  if (const auto p = target::Arm64::parameters(info);
      p && (p->actual_va_bits > p->va_bits || p->va_bits > 52))
    __builtin_trap();
  if (info.release().size() > size) __builtin_trap();
  return 0;
}
