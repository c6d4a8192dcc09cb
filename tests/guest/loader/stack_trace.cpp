// SPDX-License-Identifier: Apache-2.0
// Stacks of the kernel, of a BPF program, of a module and of user space, as bpf(2) gives them, and the names
// that /proc/kallsyms has for them.
#include "guest.hpp"

#include "../bpf/known.h"
#include "expect.hpp"
#include "json.hpp"

#include <algorithm>
#include <bpf/bpf.h>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <sys/prctl.h>
#include <unistd.h>

namespace guest {

namespace {

constexpr u64 kernel_half = 1ULL << 63;

/// What /proc/kallsyms says.
class Kallsyms {
public:
  Kallsyms() {
    std::FILE* jit = std::fopen("/proc/sys/net/core/bpf_jit_kallsyms", "w"); // BPF programs, too
    if (jit != nullptr) std::fputs("1", jit), std::fclose(jit);
    std::FILE* file = std::fopen("/proc/kallsyms", "r");
    if (file == nullptr) give_up("/proc/kallsyms");
    for (char line[1024]; std::fgets(line, sizeof line, file) != nullptr;) {
      unsigned long long address = 0;
      char name[600], module[64] = "";
      if (std::sscanf(line, "%llx %*c %599s [%63[^]]]", &address, name, module) >= 2 &&
          address >= kernel_half)
        symbols_.push_back({address, name, module});
    }
    std::fclose(file);
    std::stable_sort(symbols_.begin(), symbols_.end(),
                     [](auto& a, auto& b) { return a.address < b.address; });
  }

  struct Symbol {
    u64 address;
    std::string name, module;
  };
  /// The first of those with the greatest address that is not beyond.
  const Symbol* at(u64 address) const {
    const auto after = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                        [](u64 a, const Symbol& symbol) { return a < symbol.address; });
    if (after == symbols_.begin()) return nullptr;
    return &*std::lower_bound(symbols_.begin(), symbols_.end(), std::prev(after)->address,
                              [](const Symbol& symbol, u64 a) { return symbol.address < a; });
  }

private:
  std::vector<Symbol> symbols_;
};

/// Symbols of programs to their ids.
std::map<std::string, u32> program_ids() {
  std::map<std::string, u32> ids;
  for (u32 id = 0; bpf_prog_get_next_id(id, &id) == 0;) {
    const int fd = must(bpf_prog_get_fd_by_id(id), "program");
    bpf_prog_info info{};
    u32 size = sizeof info;
    must(bpf_obj_get_info_by_fd(fd, &info, &size), "program info");
    ids["bpf_prog_" + json::hex(info.tag, sizeof info.tag) + "_" + info.name] = id;
    close(fd);
  }
  return ids;
}

class Stacks {
public:
  /// What the report must show of every stack in a map.
  void state(int fd) const {
    bpf_map_info info{};
    u32 size = sizeof info, key = 0, next = 0;
    must(bpf_obj_get_info_by_fd(fd, &info, &size), "info");
    std::map<u32, std::string> stacks;
    std::vector<unsigned char> value(info.value_size);
    for (void* last = nullptr; bpf_map_get_next_key(fd, last, &next) == 0; last = &key) {
      key = next;
      must(bpf_map_lookup_elem(fd, &key, value.data()), "stack");
      stacks[key] = (info.map_flags & BPF_F_STACK_BUILD_ID) != 0 ? build_ids(key, value) : frames(key, value);
    }
    std::vector<std::string> entries;
    for (const auto& [id, text] : stacks) entries.push_back(text);
    u32 buckets = 1;
    while (buckets < info.max_entries) buckets *= 2;
    expect(fd, "{\"entry_count\":" + std::to_string(entries.size()) + ",\"stack_trace\":{\"n_buckets\":" +
                   std::to_string(buckets) + ",\"entries\":" + json::list(entries) + "}}");
  }

private:
  static std::string entry(u32 id, std::size_t nr, const unsigned char* bytes, std::size_t size,
                           const std::string& rest) {
    return "{\"bucket_id\":" + std::to_string(id) + ",\"nr\":" + std::to_string(nr) +
           ",\"data_hex\":" + json::quoted(json::hex(bytes, size, " ")) + rest + "}";
  }

  std::string frames(u32 id, const std::vector<unsigned char>& value) const {
    std::vector<u64> ips(value.size() / sizeof(u64));
    std::memcpy(ips.data(), value.data(), ips.size() * sizeof(u64));
    while (!ips.empty() && ips.back() == 0) ips.pop_back(); // bpf(2) fills up with zeros
    std::vector<std::string> pcs, all;
    for (const u64 ip : ips) {
      pcs.push_back(std::to_string(ip));
      all.push_back(frame(ip, !all.empty()));
    }
    return entry(id, ips.size(), value.data(), ips.size() * sizeof(u64),
                 ",\"pcs\":" + json::list(pcs) + ",\"frames\":" + json::list(all));
  }

  /// Calls return behind themselves.
  std::string frame(u64 ip, bool caller) const {
    const std::string out = "{\"ip\":" + std::to_string(ip);
    const auto* symbol = ip >= kernel_half ? kallsyms_.at(caller ? ip - 1 : ip) : nullptr;
    if (symbol == nullptr) return out + "}";
    std::string owner;
    if (symbol->module == "bpf") {
      if (const auto known = programs_.find(symbol->name); known != programs_.end())
        owner = ",\"program\":" + std::to_string(known->second);
    } else if (!symbol->module.empty()) {
      owner = ",\"module\":" + json::quoted(symbol->module);
    }
    return out + ",\"symbol\":" + json::quoted(symbol->name) +
           ",\"offset\":" + std::to_string(ip - symbol->address) + owner + "}";
  }

  static std::string build_ids(u32 id, const std::vector<unsigned char>& value) {
    std::vector<bpf_stack_build_id> all(value.size() / sizeof(bpf_stack_build_id));
    std::memcpy(all.data(), value.data(), all.size() * sizeof(bpf_stack_build_id));
    while (!all.empty() && all.back().status == BPF_STACK_BUILD_ID_EMPTY) all.pop_back();
    std::vector<std::string> texts;
    for (const auto& one : all)
      texts.push_back(one.status == BPF_STACK_BUILD_ID_VALID
                          ? "{\"status\":\"valid\",\"build_id\":" +
                                json::quoted(json::hex(one.build_id, sizeof one.build_id)) +
                                ",\"offset\":" + std::to_string(one.offset) + "}"
                          : "{\"status\":\"ip\",\"ip\":" + std::to_string(one.ip) + "}");
    return entry(id, all.size(), value.data(), all.size() * sizeof(bpf_stack_build_id),
                 ",\"build_ids\":" + json::list(texts));
  }

  Kallsyms kallsyms_;
  std::map<std::string, u32> programs_ = program_ids();
};

bpf_program* program(bpf_object* object, const char* name) {
  return bpf_object__find_program_by_name(object, name);
}

/// Reads one of the files whose contents qemu_fw_cfg asks QEMU for.
void read_from_module(bpf_program* program) {
  const std::string folder = "/sys/firmware/qemu_fw_cfg/by_key/";
  DIR* keys = opendir(folder.c_str());
  if (keys == nullptr) return; // not loaded
  if (bpf_program__attach_kprobe(program, false, "fw_cfg_sysfs_read_raw") == nullptr)
    give_up("kprobe in qemu_fw_cfg");
  while (const dirent* key = readdir(keys)) {
    if (key->d_name[0] == '.') continue;
    const int fd = must(open((folder + key->d_name + "/raw").c_str(), O_RDONLY), "raw");
    char byte = 0;
    must(static_cast<int>(read(fd, &byte, 1)), "read of raw");
    close(fd);
    break;
  }
  closedir(keys);
}

} // namespace

void create_stacks() {
  bpf_object* object = bpf_object__open_file("/stack.bpf.o", nullptr);
  if (object == nullptr) give_up("/stack.bpf.o");
  must(bpf_object__load(object), "load stack");
  LIBBPF_OPTS(bpf_test_run_opts, options);
  must(bpf_prog_test_run_opts(bpf_program__fd(program(object, "from_program")), &options),
       "run from_program");
  read_from_module(program(object, "from_module"));
  if (bpf_program__attach_ksyscall(program(object, "from_kernel"), "prctl", nullptr) == nullptr)
    give_up("kprobe on prctl");
  prctl(PR_GET_DUMPABLE);
  const int empty = must(bpf_map_create(BPF_MAP_TYPE_STACK_TRACE, "a_stack_trace", 4, 8 * 20, 16, nullptr),
                         "a_stack_trace");
  const Stacks stacks;
  for (const char* name : {"of_kernel", "of_user", "of_files"})
    stacks.state(must(bpf_object__find_map_fd_by_name(object, name), name));
  stacks.state(empty);
}

} // namespace guest
