// SPDX-License-Identifier: Apache-2.0
// A plugin that does, on request, whatever a plugin must not do. Nothing of it is caught by the C++ face of
// the contract: this is what a careless or a spiteful author ships.
#include <mapscope/plugin.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#ifdef HOSTILE_DECODER
#define HOSTILE_LINES "abi=1.1\0attach=map-name:victim* mode=element\0"
#else
#define HOSTILE_LINES "abi=1.0\0attach=map-name:victim*\0"
#endif

MSC_MANIFEST(HOSTILE_LINES "id=org.example.hostile\0"
                           "version=6.6.6\0"
                           "license=Apache-2.0\0"
                           "config=mode:string=nothing\0"
                           "config=rows:u64=0");

namespace {

volatile int* const nowhere = reinterpret_cast<int*>(8);

struct Render {
  const msc_host& host;
  msc_call* call;
  const msc_target& target;

  [[nodiscard]] std::string_view option(const char* key) const {
    msc_value value{};
    host.config(call, key, &value);
    return {static_cast<const char*>(value.data), value.size};
  }
  int emit(std::uint32_t number) const {
    std::uint64_t value = number * 3ULL;
    msc_row row{};
    row.size = sizeof row;
    row.shape = MSC_ENTRY;
    row.key = {MSC_DECLARED, &number, target.key_size};
    row.value = {MSC_DECLARED, &value, target.value_size};
    return host.row(call, &row);
  }
};

__attribute__((noinline)) void write_to_null() { *nowhere = 1; }

__attribute__((noinline)) int use_up_stack(int depth) {
  volatile char room[4096];
  std::memset(const_cast<char*>(room), depth, sizeof room);
  return depth < 0 ? room[0] : use_up_stack(depth + 1) + room[1];
}

// Functions whose names a test looks for in the report stay functions.
__attribute__((noinline)) void use_up_memory() {
  constexpr std::size_t piece = 16U << 20;
  while (true) {
    auto* memory = static_cast<char*>(std::malloc(piece));
    if (memory == nullptr) std::abort();
    std::memset(memory, 1, piece);
  }
}

void write_everywhere(std::string_view text) {
  for (int i = 0; i < 1000; ++i)
    for (int fd = 0; fd < 64; ++fd) (void)!::write(fd, text.data(), text.size());
}

/// A row that claims to be longer than any buffer.
void write_a_long_frame() {
  constexpr std::uint32_t header[] = {1, 0x7fffffff};
  write_everywhere({reinterpret_cast<const char*>(header), sizeof header});
}

/// An end of its own making, and more behind it.
void write_an_end() {
  constexpr std::uint64_t end[9] = {8 | 64ULL << 32};
  write_everywhere({reinterpret_cast<const char*>(end), sizeof end});
}

/// What any plugin may want of the C library: dates, sorting, the loader's own work.
int use_the_library() {
  const std::time_t then = 1'700'000'000;
  std::tm parts{};
  char date[32];
  std::vector<std::uint64_t> numbers(100'000);
  const auto compare = [](const void* a, const void* b) { return std::memcmp(a, b, sizeof(std::uint64_t)); };
  std::qsort(numbers.data(), numbers.size(), sizeof numbers[0], compare);
  const bool ok = ::gmtime_r(&then, &parts) != nullptr && ::localtime_r(&then, &parts) != nullptr &&
                  std::strftime(date, sizeof date, "%F %T %Z", &parts) != 0 && std::mktime(&parts) == then;
  try {
    if (ok) throw std::runtime_error("caught at once");
  } catch (const std::exception&) {
    return MSC_OK;
  }
  return MSC_EINVAL;
}

__attribute__((noinline)) int misbehave(const Render& render, std::string_view mode) {
  if (mode == "null_write") write_to_null();
  if (mode == "endless_loop")
    while (true) asm volatile("");
  if (mode == "endless_reads")
    while (true) (void)render.host.read(render.call, MSC_KERNEL, render.target.map, nullptr, 0);
  if (mode == "endless_looks")
    for (std::uint64_t word = 0;;)
      (void)render.host.read(render.call, MSC_KERNEL, render.target.map, &word, sizeof word);
  if (mode == "endless_rows")
    for (std::uint32_t i = 0;; ++i) (void)render.emit(i);
  if (mode == "library") return use_the_library();
  if (mode == "print") {
    std::printf("a line on standard output\n");
    std::fflush(stdout);
    std::fprintf(stderr, "a line on standard error\n");
  }
  if (mode == "stack") return use_up_stack(0);
  if (mode == "memory") use_up_memory();
  if (mode == "exit") std::exit(0);
  if (mode == "quick_exit") ::_exit(0);
  if (mode == "abort") std::abort();
  if (mode == "double_free") {
    void* volatile memory = std::malloc(16);
    void* const again = memory;
    std::free(memory), std::free(again);
  }
  if (mode == "throw") throw std::runtime_error("nobody catches this");
  if (mode == "fork") return ::fork() == 0 ? (::pause(), 0) : 0;
  if (mode == "open") return ::open("/tmp/mapscope-hostile-file", O_CREAT | O_WRONLY, 0600);
  if (mode == "read_file") return ::open("/etc/passwd", O_RDONLY);
  if (mode == "socket") return ::socket(AF_INET, SOCK_STREAM, 0);
  if (mode == "garbage") write_everywhere("no frame at all, and none behind it");
  if (mode == "long_frame") write_a_long_frame();
  if (mode == "forged_end") write_an_end();
  if (mode == "thread") std::thread([&render] { render.host.count(render.call, 1); }).join();
  if (mode == "kill_parent") return ::kill(::getppid(), SIGKILL);
  if (mode == "kill_all") return ::kill(-1, SIGKILL);
  if (mode == "misspelt") {
    msc_type type = 0;
    msc_member member{};
    render.host.type_find(render.call, MSC_KERNEL_BTF, "struct bpf_map", &type);
    return render.host.type_member(render.call, type, "max_entris", &member);
  }
  if (mode == "bad_read")
    return render.host.read(render.call, MSC_KERNEL, render.target.map, const_cast<int*>(nowhere), 8);
  if (mode == "bad_row") {
    msc_row row{};
    row.size = sizeof row;
    row.shape = MSC_ENTRY;
    row.key = {MSC_DECLARED, const_cast<int*>(nowhere), render.target.key_size};
    row.value = row.key, row.value.size = render.target.value_size;
    return render.host.row(render.call, &row);
  }
  if (mode == "nest")
    for (const char* name : {"one", "two", "three"}) {
      msc_field field{};
      field.size = sizeof field;
      field.kind = MSC_OBJECT, field.name = name;
      if (const int rc = render.host.field(render.call, &field); rc != MSC_OK) return rc;
    }
  if (mode == "notes") {
    for (char note[] = "a"; note[0] <= 'j'; ++note[0]) render.host.note(render.call, MSC_OK, note);
    render.host.note(render.call, MSC_STOP, "3 of 9 shown");
    return render.host.note(render.call, MSC_EFAULT, "a gap");
  }
  if (mode == "limit") return render.host.note(render.call, MSC_STOP, "3 of 9 shown");
  if (mode == "open_row") {
    msc_field field{};
    field.size = sizeof field;
    field.kind = MSC_OBJECT, field.name = "torn";
    render.host.field(render.call, &field);
    write_to_null();
  }
  return MSC_OK;
}

#ifdef HOSTILE_DECODER
/// Goes wrong at the element whose number is the option "rows".
struct Decoder {
  Render render;
  std::string_view mode;
  std::uint64_t wrong_at = 0, seen = 0;

  static int each(void* user, const msc_element* element) {
    auto& self = *static_cast<Decoder*>(user);
    if (self.seen++ != self.wrong_at) return self.number("fine", self.seen);
    return self.go_wrong(*element);
  }
  int field(std::uint32_t kind, const char* name, std::uint64_t number = 0) const {
    msc_field field{};
    field.size = sizeof field;
    field.kind = kind, field.name = name, field.number = number;
    return render.host.field(render.call, &field);
  }
  [[nodiscard]] int number(const char* name, std::uint64_t number) const {
    return field(MSC_NUMBER, name, number);
  }
  int elements(std::uint32_t flags) {
    msc_elements request{};
    request.size = sizeof request;
    request.flags = flags, request.each = each, request.user = this;
    return render.host.elements(render.call, &request);
  }
  int go_wrong(const msc_element& element) {
    if (mode == "leaves_out") return MSC_LEAVE_OUT;
    if (mode == "leaves_out_late") return (void)number("late", 1), MSC_LEAVE_OUT;
    if (mode == "ends_row") return field(MSC_END, nullptr);
    if (mode == "open_object") return field(MSC_OBJECT, "torn");
    if (mode == "takes_name") return number("value", 1);
    if (mode == "repeats") return (void)number("one", 1), number("one", 2);
    if (mode == "nested") return elements(0);
    if (mode == "row") return render.emit(7);
    if (mode == "count") return render.host.count(render.call, 7);
    if (mode == "fails") return render.host.note(render.call, MSC_EFAIL, "of no use"), MSC_EFAIL;
    if (mode == "stops") return MSC_STOP;
    if (mode == "code") return -77;
    if (mode == "unreadable") {
      std::uint64_t value = 0;
      return render.host.read(render.call, MSC_KERNEL, 0x10, &value, sizeof value);
    }
    if (mode == "scribbles") {
      std::memset(const_cast<void*>(element.key.data), 0xff, element.key.size);
      std::memset(const_cast<void*>(element.value.data), 0xff, element.value.size);
      return MSC_OK;
    }
    return misbehave(render, mode);
  }
};

int render(const msc_host* host, msc_call* call, const msc_target* target) {
  const Render render{*host, call, *target};
  Decoder decoder{render, render.option("mode")};
  decoder.wrong_at = std::strtoull(render.option("rows").data(), nullptr, 10);
  if (decoder.mode == "no_rows") return MSC_OK;
  if (decoder.mode == "early_field") return decoder.number("early", 1), decoder.elements(MSC_ROWS);
  if (decoder.mode == "twice") decoder.elements(MSC_ROWS);
  if (decoder.mode == "endless_walks")
    while (true) decoder.seen = 100, decoder.elements(0);
  const int rc = decoder.elements(MSC_ROWS);
  if (decoder.mode == "fails_late") return MSC_EFAIL;
  if (decoder.mode == "crashes_late") write_to_null();
  return rc;
}
#else
int render(const msc_host* host, msc_call* call, const msc_target* target) {
  const Render render{*host, call, *target};
  const auto rows = static_cast<std::uint32_t>(std::strtoul(render.option("rows").data(), nullptr, 10));
  for (std::uint32_t i = 0; i < rows; ++i) render.emit(i);
  return misbehave(render, render.option("mode"));
}
#endif

} // namespace

const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR, render};
