// SPDX-License-Identifier: Apache-2.0
// Ring buffers in every state: empty, consumed in part, over the end, overwritten, and with a record that a
// program has reserved and never submits. What they must show is read where consumers and producers read it:
// from the pages they map.
#include "guest.hpp"

#include "../bpf/known.h"
#include "../bpf/ring.h"
#include "expect.hpp"
#include "json.hpp"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace guest {

namespace {

const std::size_t ring_size = page_size;
/// Of the records that fill a ring of 4096 bytes, as many as it takes here.
const int times = static_cast<int>(ring_size / 4096);
constexpr u32 busy_bit = 1U << 31, discard_bit = 1U << 30; // BPF_RINGBUF_*_BIT
constexpr u32 overwrite_flag = 1U << 19;                   // BPF_F_RB_OVERWRITE, newer than the headers

/// The pages of a ring, as mmap() gives them to user space.
class Pages {
public:
  Pages(int fd, bool user_produces) : fd_(fd) {
    consumer_ = map(page_size, user_produces ? PROT_READ : PROT_READ | PROT_WRITE, 0);
    producer_ = map(page_size + 2 * ring_size, user_produces ? PROT_READ | PROT_WRITE : PROT_READ, page_size);
  }

  u64& consumer() const { return *reinterpret_cast<u64*>(consumer_); }
  u64& producer() const { return *reinterpret_cast<u64*>(producer_); }
  /// 0 where the kernel has no such position.
  u64 pending() const { return reinterpret_cast<u64*>(producer_)[1]; }
  u64 overwritten() const { return reinterpret_cast<u64*>(producer_)[2]; }
  unsigned char* at(u64 position) const { return producer_ + page_size + position % ring_size; }
  u32& header(u64 position) const { return *reinterpret_cast<u32*>(at(position)); }

  /// Appends a record as a producer in user space does.
  void append(u32 size, u32 state, unsigned char fill) const {
    std::memset(at(producer()), 0, 8);
    header(producer()) = size | state;
    std::memset(at(producer() + 8), fill, size);
    producer() += (size + 8 + 7) / 8 * 8;
  }

  void state() const {
    const u64 behind = producer() - consumer();
    std::string out = "{\"capacity\":" + std::to_string(ring_size);
    for (const auto& [name, value] : {std::pair<const char*, u64>{"consumer_pos", consumer()},
                                      {"producer_pos", producer()},
                                      {"pending_pos", pending()},
                                      {"pending_bytes", behind}})
      out += ",\"" + std::string(name) + "\":" + std::to_string(value);
    std::vector<std::string> records;
    const u64 left = overwritten() != 0 ? producer() - overwritten() : behind;
    for (u64 at = producer() - std::min(behind, left); at < producer();) {
      records.push_back(record(at));
      at += ((header(at) & ~(busy_bit | discard_bit)) + 8 + 7) / 8 * 8;
    }
    const std::string count = std::to_string(records.size());
    expect(fd_, "{\"entry_count\":" + count + ",\"ringbuf\":" + out + ",\"records\":" + json::list(records) +
                    "}}");
  }

private:
  unsigned char* map(std::size_t size, int protection, off_t offset) const {
    void* memory = mmap(nullptr, size, protection, MAP_SHARED, fd_, offset);
    if (memory == MAP_FAILED) give_up("mmap of a ring");
    return static_cast<unsigned char*>(memory);
  }

  std::string record(u64 position) const {
    const u32 word = header(position), size = word & ~(busy_bit | discard_bit);
    const char* state = (word & busy_bit) != 0      ? "busy"
                        : (word & discard_bit) != 0 ? "discarded"
                                                    : "committed";
    return "{\"pos\":" + std::to_string(position) + ",\"state\":" + json::quoted(state) +
           ",\"len\":" + std::to_string(size) +
           ",\"data_hex\":" + json::quoted(json::hex(at(position + 8), size, " ")) + "}";
  }

  int fd_;
  unsigned char *consumer_, *producer_;
};

class Rings {
public:
  Rings() : object_(bpf_object__open_file("/ring.bpf.o", nullptr)) {
    if (object_ == nullptr) give_up("/ring.bpf.o");
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = overwrite_flag);
    const int overwritten = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "probe", 0, 0, ring_size, &options);
    if (overwritten >= 0) {
      must(bpf_map__set_map_flags(bpf_object__find_map_by_name(object_, "latest"), overwrite_flag), "latest");
      close(overwritten);
    }
    for (const char* name : {"events", "latest", "waiting", "orders"})
      must(bpf_map__set_max_entries(bpf_object__find_map_by_name(object_, name), ring_size), name);
    if (!has_user_rings_) {
      bpf_map__set_autocreate(bpf_object__find_map_by_name(object_, "orders"), false);
      bpf_program__set_autoload(bpf_object__find_program_by_name(object_, "drain"), false);
    }
    if (!has_system_calls_)
      bpf_program__set_autoload(bpf_object__find_program_by_name(object_, "blocked"), false);
    must(bpf_object__load(object_), "load ring");
  }

  [[nodiscard]] bool has_user_rings() const { return has_user_rings_; }
  /// Programs that may sleep, run by bpf(2).
  [[nodiscard]] bool has_system_calls() const { return has_system_calls_; }

  int map(const char* name) const { return must(bpf_object__find_map_fd_by_name(object_, name), name); }
  int program(const char* name) const {
    return bpf_program__fd(bpf_object__find_program_by_name(object_, name));
  }
  void run(const char* name, u64 command = 0) {
    u64 arguments[2] = {command, ++sequence_};
    LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = arguments, .ctx_size_in = sizeof arguments);
    must(bpf_prog_test_run_opts(program(name), &options), name);
  }

private:
  bpf_object* object_;
  bool has_user_rings_ = has_map_type(BPF_MAP_TYPE_USER_RINGBUF),
       has_system_calls_ = libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SYSCALL, nullptr) == 1;
  u64 sequence_ = 0;
};

/// Around once, so that a record goes over the end.
void fill_events(Rings& rings) {
  const Pages pages(rings.map("events"), false);
  for (int i = 0; i < 100 * times; ++i) rings.run("to_events", RING_OUTPUT); // 32 bytes each
  pages.consumer() = 50U * times * 32;
  rings.run("to_events", RING_OUTPUT_SHORT), rings.run("to_events", RING_DISCARD);
  for (int i = 0; i < 40 * times; ++i) rings.run("to_events", RING_OUTPUT);
  rings.run("to_events", RING_DISCARD);
  pages.state();
}

/// More than it holds: in overwrite mode the oldest go, else the newest are refused.
void fill_latest(Rings& rings) {
  const Pages pages(rings.map("latest"), false);
  rings.run("to_latest", RING_OUTPUT_SHORT);
  for (int i = 0; i < 200 * times; ++i) rings.run("to_latest", RING_OUTPUT);
  pages.state();
}

void fill_orders(Rings& rings) {
  const Pages pages(rings.map("orders"), true);
  for (int i = 0; i < 8 * times - 1; ++i) pages.append(504, 0, 0x11);
  rings.run("drain");
  pages.append(24, 0, 0xa1), pages.append(3, discard_bit, 0xb2);
  pages.append(600, 0, 0xc3); // over the end
  pages.append(16, busy_bit, 0xd4), pages.append(1, 0, 0xe5);
  pages.state();
}

/// A page that is asked for and never comes.
void* missing_page() {
  void* memory = mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const int fd = must(static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC)), "userfaultfd");
  uffdio_api api{.api = UFFD_API, .features = 0, .ioctls = 0};
  must(ioctl(fd, UFFDIO_API, &api), "UFFDIO_API");
  uffdio_register all{
      .range = {reinterpret_cast<u64>(memory), page_size}, .mode = UFFDIO_REGISTER_MODE_MISSING, .ioctls = 0};
  must(ioctl(fd, UFFDIO_REGISTER, &all), "UFFDIO_REGISTER");
  return memory;
}

/// A program that sleeps between reserve and submit, and records of others behind its own.
void fill_waiting(Rings& rings) {
  const Pages pages(rings.map("waiting"), false);
  for (int i = 0; i < 3; ++i) rings.run("to_waiting", RING_OUTPUT);
  pages.consumer() = 32;
  if (!rings.has_system_calls()) return pages.state();
  const int program = rings.program("blocked");
  std::thread([program, address = reinterpret_cast<u64>(missing_page())] {
    ring_wait wait{address};
    LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &wait, .ctx_size_in = sizeof wait);
    bpf_prog_test_run_opts(program, &options);
    give_up("the record that was to stay reserved");
  }).detach();
  for (int tries = 0; tries < 1000 && pages.producer() != 4 * 32; ++tries) usleep(10'000);
  usleep(100'000); // into the copy
  for (int i = 0; i < 2; ++i) rings.run("to_waiting", RING_OUTPUT_SHORT);
  pages.state();
}

void create_empty(bpf_map_type type, const char* name) {
  Pages(must(bpf_map_create(type, name, 0, 0, ring_size, nullptr), name), type == BPF_MAP_TYPE_USER_RINGBUF)
      .state();
}

void create_user_rings(Rings& rings, std::vector<std::string>& unknown_types) {
  if (!rings.has_user_rings()) return unknown_types.emplace_back("user_ringbuf"), void();
  create_empty(BPF_MAP_TYPE_USER_RINGBUF, "a_user_ringbuf");
  fill_orders(rings);
}

} // namespace

void create_rings(std::vector<std::string>& unknown_types) {
  create_empty(BPF_MAP_TYPE_RINGBUF, "a_ringbuf");
  static Rings rings; // as long as the guest lives
  fill_events(rings);
  fill_latest(rings);
  create_user_rings(rings, unknown_types);
  fill_waiting(rings);
}

} // namespace guest
