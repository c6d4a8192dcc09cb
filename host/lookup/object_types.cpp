// SPDX-License-Identifier: Apache-2.0
#include "host/lookup/object_types.hpp"

#include "host/base/utf8.hpp"
#include "host/lookup/descriptor.hpp"

#include <array>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <linux/bpf.h>
#include <span>

namespace mapscope::lookup {

namespace {

constexpr std::string_view own_name = "vmlinux";

std::shared_ptr<const btf::Types> kernel_types() {
  std::ifstream file("/sys/kernel/btf/vmlinux", std::ios::binary);
  const std::vector<char> raw{std::istreambuf_iterator<char>(file), {}};
  auto types = btf::Types::parse(std::as_bytes(std::span(raw)), std::string(own_name));
  return types ? *types : nullptr;
}

/// What bpf(2) says of a BTF object; its bytes go to `data`, if there is room.
struct Info {
  bool is_there = false, of_kernel = false;
  std::uint32_t size = 0;
  std::string name; ///< "" of programs
};
Info info_of(int fd, std::span<std::byte> data) {
  bpf_btf_info info{};
  std::array<char, 64> name{}; // MODULE_NAME_LEN
  info.btf = reinterpret_cast<std::uint64_t>(data.data()), info.btf_size = data.size();
  info.name = reinterpret_cast<std::uint64_t>(name.data()), info.name_len = name.size();
  std::uint32_t length = sizeof info;
  if (::bpf_obj_get_info_by_fd(fd, &info, &length) != 0) return {};
  return {true, info.kernel_btf != 0, info.btf_size, valid_utf8(name.data())};
}

} // namespace

ObjectTypes::ObjectTypes() : kernel_(kernel_types()) {}

std::shared_ptr<const btf::Types> ObjectTypes::of(std::uint32_t id) {
  if (id == 0) return nullptr;
  const auto known = known_.find(id);
  if (known != known_.end()) return known->second;
  return known_.emplace(id, fetch(id)).first->second;
}

std::shared_ptr<const btf::Types> ObjectTypes::fetch(std::uint32_t id) {
  const Descriptor object(::bpf_btf_get_fd_by_id(id));
  const Info info = object.is_open() ? info_of(object.get(), {}) : Info{};
  if (!info.is_there) return nullptr;
  if (info.of_kernel && info.name == own_name) return kernel_;
  if (info.of_kernel && kernel_ == nullptr) return nullptr; // a module's ids go on where the kernel's end
  std::vector<std::byte> raw(info.size);
  if (!info_of(object.get(), raw).is_there) return nullptr;
  auto types = btf::Types::parse(raw, info.name.empty() ? fmt::format("BTF object {}", id) : info.name,
                                 info.of_kernel ? kernel_ : nullptr);
  return types ? *types : nullptr;
}

std::vector<catalog::BtfObject> ObjectTypes::list() {
  std::vector<catalog::BtfObject> objects;
  for (std::uint32_t id = 0; ::bpf_btf_get_next_id(id, &id) == 0;) {
    const Descriptor object(::bpf_btf_get_fd_by_id(id));
    const Info info = object.is_open() ? info_of(object.get(), {}) : Info{};
    if (info.is_there) objects.push_back({0, id, info.name, info.of_kernel});
  }
  return objects;
}

} // namespace mapscope::lookup
