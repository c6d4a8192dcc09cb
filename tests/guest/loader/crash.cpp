// SPDX-License-Identifier: Apache-2.0
// Of kexec only what the kernel itself does not do: kexec_file_load(2) lays out the crash kernel's memory.
#include "crash.hpp"

#include "guest.hpp"
#include "json.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace guest {

namespace {

using Key = std::uint32_t;
using Value = std::uint64_t;

/// What the report shows of a map; the keys run from 0 on.
template <class State>
std::string map_of_report(int fd, unsigned entries, const char* list, State state_key) {
  std::vector<std::string> elements;
  for (Key key = 0; key < entries; ++key) {
    Value value = 0;
    must(bpf_map_lookup_elem(fd, &key, &value), "lookup in the crash kernel's map");
    elements.push_back("{" + state_key(key) +
                       ",\"value_hex\":" + json::quoted(json::hex(&value, sizeof value, " ")) + "}");
  }
  const auto info = info_of<bpf_map_info>(fd);
  return "{\"id\":" + std::to_string(info.id) + ",\"name\":" + json::quoted(info.name) +
         ",\"map_type\":" + std::to_string(info.type) + ",\"entry_count\":" + std::to_string(entries) + "," +
         json::quoted(list) + ":" + json::list(elements) + "}";
}

int filled(bpf_map_type type, const char* name, unsigned entries, Random& random) {
  const int fd = must(bpf_map_create(type, name, sizeof(Key), sizeof(Value), entries, nullptr), name);
  for (Key key = 0; key < entries; ++key) {
    const Value value = random.next();
    put(fd, &key, &value);
  }
  return fd;
}

std::string small_maps() {
  constexpr unsigned in_hash = 7, in_array = 3;
  Random random{0xc4a54ed};
  const int hash = filled(BPF_MAP_TYPE_HASH, "after_crash", in_hash, random);
  const int array = filled(BPF_MAP_TYPE_ARRAY, "after_crash_arr", in_array, random);
  const auto key_hex = [](Key key) {
    return "\"key_hex\":" + json::quoted(json::hex(&key, sizeof key, " "));
  };
  const auto index = [](Key key) { return "\"key\":" + std::to_string(key); };
  return json::list(std::vector{map_of_report(hash, in_hash, "entries", key_hex),
                                map_of_report(array, in_array, "array_entries", index)});
}

int opened(const char* path) { return must(open(path, O_RDONLY), path); }

} // namespace

void crash(const std::string& command_line) {
  const int kernel = opened("/crash-kernel"), initramfs = opened("/crash-initramfs");
  must(static_cast<int>(syscall(SYS_kexec_file_load, kernel, initramfs, command_line.size() + 1,
                                command_line.c_str(), KEXEC_FILE_ON_CRASH)),
       "kexec_file_load of the crash kernel");
  std::FILE* trigger = std::fopen("/proc/sysrq-trigger", "w");
  if (trigger == nullptr || std::fputs("c", trigger) < 0 || std::fflush(trigger) != 0)
    give_up("/proc/sysrq-trigger");
  give_up("the kernel did not crash");
}

/// On the console, since it is short: the crash kernel needs no disk then.
void state_after_crash() {
  utsname uts{};
  uname(&uts);
  const std::string maps = small_maps();
  std::printf("AFTER CRASH {\"release\":\"%s\",\"maps\":%s}\n", uts.release, maps.c_str());
  std::fflush(stdout);
}

} // namespace guest
