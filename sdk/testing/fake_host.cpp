// SPDX-License-Identifier: Apache-2.0
#include <mapscope/testing/fake_host.hpp>

#include "fake_lines.hpp"
#include "fake_render.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace mapscope::testing {

int misuse(Render* call, std::string what) {
  call->report.misuse.push_back(std::move(what));
  return MSC_EINVAL;
}

namespace {

/// After MSC_STOP: more than a plugin calls that ends by itself, however slowly.
constexpr std::uint64_t most_patience = 100'000;
constexpr std::size_t most_debug_lines = 1000;

constexpr const char* names_of_helpers[] = {
    "read",     "cpu_count",     "type_find",      "type_size",   "type_member",
    "config",   "row",           "count",          "note",        "field",
    "symbol",   "mapped",        "type_member_at", "type_holder", "symbol_address",
    "finding",  "enumerator_at", "type_sized",     "slots",       "slot",
    "elements", "find_map",      "lookup",         "member_of",   "member_at",
    "debug",    "will_read",     "read_now"};

/// Leaves a plugin that goes round and round a helper: no answer would make it return. What it holds is lost.
[[noreturn]] void leave(Render* call) {
  misuse(call,
         std::string("loops around ") + names_of_helpers[call->helper] + "() although it returned MSC_STOP");
  std::longjmp(call->out, 1);
}

} // namespace

std::vector<std::string> helper_names(std::uint32_t helpers) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::size(names_of_helpers); ++i)
    if ((helpers >> i & 1) != 0) names.emplace_back(names_of_helpers[i]);
  return names;
}

/// MSC_OK when the helper may go on.
int enter(Render* call) {
  if (std::this_thread::get_id() != call->thread) return misuse(call, "a helper called from another thread");
  const std::uint64_t number = call->report.calls++;
  call->report.stopped_last = false;
  if (call->stopped) ++call->report.after_stop;
  if (call->stopped && ++call->patience > most_patience) leave(call);
  if (number >= call->host.budget) call->stopped = true;
  if (!call->stopped && call->failure && call->failure->call == number) {
    if (call->failure->rc != MSC_STOP) return call->failure->rc;
    call->stopped = true;
  }
  return call->stopped ? MSC_STOP : MSC_OK;
}

int take(Render* call, std::uint64_t bytes) {
  if (bytes > call->host.byte_budget - call->bytes) call->stopped = true;
  if (!call->stopped) call->bytes += bytes;
  return call->stopped ? MSC_STOP : MSC_OK;
}

std::uint32_t cpu_count(Render* call) {
  return call->host.cpus.empty() ? 0 : call->host.cpus.rbegin()->first + 1;
}

namespace {

bool copy_from(const FakeHost& host, std::uint64_t address, std::byte* to, std::size_t size) {
  while (size != 0) {
    auto run = host.memory.upper_bound(address);
    if (run == host.memory.begin()) return false;
    --run;
    const std::uint64_t inside = address - run->first;
    if (inside >= run->second.size()) return false;
    const std::size_t piece = std::min<std::size_t>(size, run->second.size() - inside);
    std::memcpy(to, run->second.data() + inside, piece);
    address += piece;
    to += piece;
    size -= piece;
  }
  return true;
}

/// What is other by now.
void apply_changes(const Render& call, std::uint64_t address, std::span<std::byte> to) {
  for (const FakeHost::Change& change : call.host.changes) {
    if (change.hint > call.report.hints) continue;
    const std::uint64_t begin = std::max(address, change.address),
                        end = std::min(address + to.size(), change.address + change.bytes.size());
    if (begin < end)
      std::copy_n(change.bytes.begin() + static_cast<std::ptrdiff_t>(begin - change.address), end - begin,
                  to.begin() + static_cast<std::ptrdiff_t>(begin - address));
  }
}

} // namespace

int read_memory(Render* call, std::uint32_t space, std::uint64_t address, std::span<std::byte> to) {
  if (space == MSC_ARENA) {
    if (!call->host.arena) return MSC_ENOENT;
    address = *call->host.arena + static_cast<std::uint32_t>(address);
  }
  if (space >= MSC_CPU0) {
    const auto cpu = call->host.cpus.find(space - MSC_CPU0);
    if (cpu == call->host.cpus.end()) return MSC_ENOENT;
    address += cpu->second;
  }
  if (const int rc = take(call, to.size()); rc != MSC_OK) return rc;
  if (copy_from(call->host, address, to.data(), to.size())) return apply_changes(*call, address, to), MSC_OK;
  if (!call->host.beyond || call->host.beyond->without_memory) return MSC_EFAULT;
  read_beyond(*call->host.beyond, space, address, to);
  return MSC_OK;
}

namespace {

bool is_space(std::uint32_t space) { return space <= MSC_ARENA || space >= MSC_CPU0; }

int read(Render* call, std::uint32_t space, std::uint64_t address, void* to, std::size_t size) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (to == nullptr && size != 0) return misuse(call, "read() into NULL");
  if (size > MSC_READ_MAX)
    return misuse(call, "read() of " + std::to_string(size) + " bytes, more than MSC_READ_MAX");
  if (!is_space(space)) return misuse(call, "read() from address space " + std::to_string(space));
  return read_memory(call, space, address, {static_cast<std::byte*>(to), size});
}

int will_read(Render* call, std::uint32_t space, std::uint64_t, std::uint64_t) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (!is_space(space)) return misuse(call, "will_read() from address space " + std::to_string(space));
  const std::uint64_t now = ++call->report.hints;
  const auto& changes = call->host.changes;
  return std::ranges::find(changes, now, &FakeHost::Change::hint) != changes.end() ? MSC_ENOENT : MSC_OK;
}

bool is_misshapen(const msc_pieces& pieces) {
  constexpr std::uint32_t largest = 64U << 10;
  if (pieces.size < sizeof pieces || pieces.piece == 0 || pieces.piece > largest) return true;
  return pieces.count > MSC_READ_MAX / pieces.piece || pieces.addresses == nullptr || pieces.to == nullptr ||
         pieces.there == nullptr;
}

/// Each call is a look of its own, as each of will_read() is.
int read_now(Render* call, const msc_pieces* pieces) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (pieces == nullptr || is_misshapen(*pieces)) return misuse(call, "read_now() of misshapen pieces");
  if (!call->host.reads_now || call->host.target.is_running == 0) return MSC_ENOENT;
  ++call->report.hints;
  for (std::uint64_t i = 0; i < pieces->count; ++i) {
    const std::span to(static_cast<std::byte*>(pieces->to) + i * pieces->piece, pieces->piece);
    pieces->there[i] = read_memory(call, MSC_KERNEL, pieces->addresses[i], to) == MSC_OK ? 1 : 0;
  }
  return MSC_OK;
}

int debug(Render* call, const char* text) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (text == nullptr) return misuse(call, "debug() with NULL");
  if (call->report.debug.size() < most_debug_lines) call->report.debug.emplace_back(text);
  return MSC_OK;
}

int symbol_address(Render* call, const char* name, std::uint64_t* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (name == nullptr || ret == nullptr) return misuse(call, "symbol_address() with NULL");
  const auto& symbols = call->host.symbols;
  const auto found = std::ranges::find_if(symbols, [&](const auto& symbol) { return symbol.second == name; });
  if (found == symbols.end())
    return call->host.beyond && address_beyond(*call->host.beyond, name, *ret) ? MSC_OK : MSC_ENOENT;
  *ret = found->first;
  return MSC_OK;
}

int finding(Render* call, std::uint32_t severity, const char* text) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  constexpr const char* names[] = {"error", "warning", "info"};
  if (text == nullptr) return misuse(call, "finding() with NULL");
  if (severity >= std::size(names))
    return misuse(call, "finding() of unknown severity " + std::to_string(severity));
  call->report.lines.push_back(std::string("finding ") + names[severity] + " " + text);
  return MSC_OK;
}

int slots(Render* call, const msc_slots* slots) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (slots == nullptr) return misuse(call, "slots() with NULL");
  if (auto problem = contract::record_problem("slots()", *slots); !problem.empty())
    return misuse(call, std::move(problem));
  if (call->host.target.root == 0 || call->has_slots) return misuse(call, "slots() of a map, or once more");
  if (slots->stride != 0 && slots->header >= slots->stride)
    return misuse(call, "slots() without room for a payload");
  const auto* payload = known(call, slots->payload);
  if (payload == nullptr && slots->payload != MSC_BYTES && !call->made_up.holds(slots->payload))
    return misuse(call, "slots() of no type");
  call->has_slots = true;
  const std::string type = payload != nullptr         ? payload->name
                           : slots->reason != nullptr ? std::string("unknown ") + slots->reason
                                                      : "unknown";
  call->report.lines.push_back("slots " + std::to_string(slots->stride) + " header " +
                               std::to_string(slots->header) + " payload " + type);
  return MSC_OK;
}

int slot(Render* call, const msc_slot* slot) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (slot == nullptr) return misuse(call, "slot() with NULL");
  if (auto problem = contract::record_problem("slot()", *slot); !problem.empty())
    return misuse(call, std::move(problem));
  if (!call->has_slots) return misuse(call, "slot() before slots()");
  call->report.lines.push_back("slot " + std::to_string(slot->idx) + " genn " + std::to_string(slot->genn) +
                               " at " + std::to_string(slot->addr) + (slot->live != 0 ? " live" : " free"));
  return MSC_OK;
}

int config(Render* call, const char* key, msc_value* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (key == nullptr || ret == nullptr) return misuse(call, "config() with NULL");
  const auto found = call->host.config.find(std::string_view(key));
  if (found == call->host.config.end())
    return misuse(call, "config() of " + contract::quoted(key) + ", which its manifest does not declare");
  *ret = {MSC_BYTES, found->second.c_str(), found->second.size()};
  return MSC_OK;
}

/// MSC_OK, or where the contract is broken. A helper's own answer may be handed on.
int note_problem(Render* call, int rc, const char* text) {
  if (text == nullptr) return misuse(call, "note() with NULL");
  const bool is_answer = call->failure && call->failure->rc == rc;
  auto problem = contract::note_problem(rc);
  return problem.empty() || is_answer ? int{MSC_OK} : misuse(call, std::move(problem));
}

int note(Render* call, int rc, const char* text) {
  if (const int wrong = note_problem(call, rc, text); wrong != MSC_OK) return wrong;
  call->report.lines.push_back("note " + name_of(rc) + " " + text);
  const bool stopped = call->stopped, may_end = !stopped || call->report.stopped_last;
  const int entered = enter(call);
  if (stopped) --call->report.after_stop; // why a render ends may be said at any time
  call->report.stopped_last = may_end && entered == MSC_STOP;
  return entered;
}

int symbol(Render* call, std::uint64_t address, msc_symbol* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (ret == nullptr || !begin_filling(*ret)) return misuse(call, "symbol() into nothing");
  const auto& symbols = call->host.symbols;
  const auto after = symbols.upper_bound(address);
  if (after == symbols.begin())
    return call->host.beyond && symbol_beyond(*call->host.beyond, address, *ret) ? MSC_OK : MSC_ENOENT;
  const auto& [start, name] = *std::prev(after);
  ret->program = 0, ret->offset = address - start, ret->module[0] = 0;
  ret->name[name.copy(ret->name, sizeof ret->name - 1)] = 0;
  return MSC_OK;
}

int mapped(Render* call, std::uint64_t begin, std::uint64_t end, msc_mapping* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (ret == nullptr) return misuse(call, "mapped() with NULL");
  const auto& regions = call->host.regions;
  if (regions.empty() && call->host.beyond) return mapped_beyond(*call->host.beyond, begin, end, *ret);
  auto at = regions.upper_bound(begin);
  if (at != regions.begin() && begin - std::prev(at)->first < std::prev(at)->second.size) --at;
  if (begin >= end || at == regions.end() || at->first >= end) return MSC_ENOENT;
  const auto& [first, region] = *at;
  ret->addr = std::max(first, begin);
  ret->size = std::min(first + region.size, end) - ret->addr;
  ret->page = region.page;
  return region.known ? MSC_OK : MSC_EFAULT;
}

/// A helper as plugins call it, at its place in the table.
template <unsigned Place, auto> struct Helper;
template <unsigned Place, class Result, class... Args, Result (*Function)(Render*, Args...)>
struct Helper<Place, Function> {
  static Result call(msc_call* opaque, Args... args) {
    auto* const call = reinterpret_cast<Render*>(opaque);
    if (std::this_thread::get_id() == call->thread) {
      call->helper = Place;
      call->report.helpers |= 1U << Place;
    }
    return Function(call, args...);
  }
};
template <unsigned Place, auto Function> constexpr auto helper = &Helper<Place, Function>::call;

constexpr msc_host table = {sizeof(msc_host),        MSC_ABI_MAJOR,
                            MSC_ABI_MINOR,           helper<0, read>,
                            helper<1, cpu_count>,    helper<2, type_find>,
                            helper<3, type_size>,    helper<4, type_member>,
                            helper<5, config>,       helper<6, row>,
                            helper<7, count>,        helper<8, note>,
                            helper<9, field>,        helper<10, symbol>,
                            helper<11, mapped>,      helper<12, type_member_at>,
                            helper<13, type_holder>, helper<14, symbol_address>,
                            helper<15, finding>,     helper<16, enumerator_at>,
                            helper<17, type_sized>,  helper<18, slots>,
                            helper<19, slot>,        helper<20, elements>,
                            helper<21, find_map>,    helper<22, lookup>,
                            helper<23, member_of>,   helper<24, member_at>,
                            helper<25, debug>,       helper<26, will_read>,
                            helper<27, read_now>};
static_assert(sizeof(msc_host) == 8 + std::size(names_of_helpers) * sizeof(void*));

/// What render() returns, and what becomes of a plugin that throws or never ends.
int run(const msc_plugin& plugin, Render& call, const msc_target& target) {
  try {
    return plugin.render(&table, reinterpret_cast<msc_call*>(&call), &target);
  } catch (...) {
    misuse(&call, "an exception left render()");
    return MSC_EFAIL;
  }
}
int run_or_leave(const msc_plugin& plugin, Render& call, const msc_target& target) {
  return setjmp(call.out) == 0 ? run(plugin, call, target) : int{MSC_STOP};
}

} // namespace

std::string Report::text() const {
  std::string all;
  for (const std::string& line : lines) all += line + '\n';
  return all;
}

msc_type FakeHost::handle(std::uint32_t scope, std::string_view name) const {
  const auto found = std::ranges::find_if(
      types, [&](const Type& candidate) { return candidate.scope == scope && candidate.name == name; });
  if (found == types.end()) return MSC_BYTES;
  return first_type + static_cast<msc_type>(found - types.begin());
}

Report FakeHost::render(const msc_plugin& plugin, std::optional<Failure> failure) const {
  Render call{.host = *this, .failure = failure, .made_up = BeyondTypes(beyond ? &*beyond : nullptr)};
  msc_target& borrowed = call.target;
  borrowed = target;
  const auto type = [&](std::uint32_t scope, const std::string& name, msc_type otherwise) {
    if (name.empty()) return otherwise;
    if (const msc_type known = handle(scope, name); known != MSC_BYTES) return known;
    const msc_type made = call.made_up.find(scope, name);
    return made != 0 ? made : msc_type{MSC_BYTES};
  };
  borrowed.key_type = type(MSC_MAP_BTF, key_type, target.key_type);
  borrowed.value_type = type(value_scope, value_type, target.value_type);
  if (target.root != 0) {
    borrowed.root_name = root_name.c_str();
    borrowed.root_type = type(MSC_MAP_BTF, root_type, MSC_BYTES);
  }
  borrowed.name = target.map != 0 ? name.c_str() : nullptr;
  call.report.rc = run_or_leave(plugin, call, borrowed);
  if (call.report.rc == MSC_OK && (call.row_open || !call.fields.empty()))
    misuse(&call, "render() that leaves an object, a list or a row open");
  call.report.stopped = call.stopped;
  return std::move(call.report);
}

} // namespace mapscope::testing
