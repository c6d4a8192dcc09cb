// SPDX-License-Identifier: Apache-2.0
// Elements of the map that is rendered and of others, as the fake host hands them over.
#include "fake_lines.hpp"
#include "fake_render.hpp"

#include <charconv>
#include <cstring>

namespace mapscope::testing {

namespace {

/// An element with bytes of its own, so that who keeps them longer than it may is found by a sanitizer.
class Lent {
public:
  Lent(const FakeHost::Element& element, std::uint64_t map, const msc_target& target)
      : element_(element), size_(target.value_size) {
    const bool has_owner = element.owner != 0;
    record_.size = sizeof record_;
    record_.shape = element.shape;
    record_.map = map;
    record_.owner = element.owner;
    record_.key = {has_owner ? msc_type{MSC_POINTER} : target.key_type, element_.key.data(),
                   element_.key.size()};
    record_.value = value(element_.value, target.value_type);
    for (const FakeHost::Copy& copy : element_.copies)
      copies_.push_back(copy.exists ? value(copy.bytes, target.value_type)
                                    : msc_value{MSC_BYTES, nullptr, 0});
    if (!copies_.empty()) record_.value = {};
    record_.copies = copies_.data(), record_.copy_count = copies_.size();
  }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

  [[nodiscard]] const msc_element& record() const { return record_; }
  [[nodiscard]] std::uint64_t bytes() const {
    std::uint64_t sum = element_.key.size() + (element_.value ? element_.value->size() : 0);
    for (const FakeHost::Copy& copy : element_.copies) sum += copy.bytes ? copy.bytes->size() : 0;
    return sum;
  }
  /// As a row has it.
  [[nodiscard]] msc_row row() const {
    return {
        sizeof(msc_row), record_.shape, record_.key, record_.value, record_.copies, record_.copy_count, 0};
  }

private:
  [[nodiscard]] msc_value value(const std::optional<std::vector<std::byte>>& bytes, msc_type type) const {
    if (!bytes) return {type, nullptr, size_};
    return {type, bytes->data(), bytes->size()};
  }

  FakeHost::Element element_;
  std::size_t size_;
  std::vector<msc_value> copies_;
  msc_element record_{};
};

/// A map that is walked.
struct Walked {
  msc_target target{};
  FakeHost::Elements elements;
};

msc_type handle(Render* call, const std::string& name) {
  if (name.empty()) return MSC_BYTES;
  if (const msc_type type = call->host.handle(MSC_MAP_BTF, name); type != MSC_BYTES) return type;
  const msc_type made = call->made_up.find(MSC_MAP_BTF, name);
  return made != 0 ? made : msc_type{MSC_BYTES};
}

msc_target of(Render* call, const FakeHost::Map& map) {
  msc_target target = map.target;
  target.size = sizeof target;
  target.name = map.name.c_str();
  target.key_type = handle(call, map.key_type), target.value_type = handle(call, map.value_type);
  return target;
}

Walked walked(Render* call, const msc_target& target, const FakeHost::Elements& elements) {
  if (!elements.all.empty() || !call->host.beyond) return {target, elements};
  return {target, elements_beyond(*call->host.beyond, target, call->host.cpus)};
}

/// Nothing where there is no such map.
std::optional<Walked> map_at(Render* call, std::uint64_t map) {
  const FakeHost& host = call->host;
  if (map == 0 || map == host.target.map) {
    if (host.target.map == 0) return std::nullopt;
    return walked(call, call->target, host.elements);
  }
  for (const auto& other : host.others)
    if (other.target.map == map) return walked(call, of(call, other), other.elements);
  for (const auto& made : call->made_maps)
    if (made.target.map == map) return walked(call, of(call, made), made.elements);
  return std::nullopt;
}

/// One walk.
class Walk {
public:
  Walk(Render* call, const msc_elements& wanted) : call_(call), wanted_(wanted) {}

  int run(const Walked& map) {
    call_->has_elements |= is_rows();
    for (const FakeHost::Element& element : map.elements.all) {
      const Lent lent(element, map.target.map, map.target);
      if (const int rc = take(call_, lent.bytes()); rc != MSC_OK) return rc;
      const int rc = ended_ == MSC_OK ? each(lent) : as_it_is(lent);
      if (call_->stopped) return MSC_STOP;
      ++elements_;
      if (is_rows() && rc < MSC_OK && call_->report.misuse.empty()) {
        lose(rc);
        continue;
      }
      if (rc != MSC_OK && ended_ == MSC_OK) ended_ = rc;
      if (ended_ != MSC_OK && !is_rows()) break;
    }
    tell_shortfall();
    if (ended_ != MSC_OK) return ended_;
    return map.elements.lost ? MSC_EFAULT : MSC_OK;
  }

private:
  [[nodiscard]] bool is_rows() const { return (wanted_.flags & MSC_ROWS) != 0; }

  void begin_row(std::uint32_t shape) {
    call_->in_row = true;
    call_->row_fields = 0;
    call_->row_counts = is_beyond_limit(call_, shape);
    call_->names.open(row_member_names);
  }
  /// Closes what it left open and shows it, before the lines of what it added.
  void end_row(const Lent& lent, std::size_t line, bool is_shown) {
    close_fields();
    call_->names.close();
    call_->in_row = false;
    if (!is_shown) return;
    if (lent.record().shape == MSC_VALUE) call_->has_value = true;
    if (call_->row_counts) return void(++call_->report.counted);
    auto& lines = call_->report.lines;
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(line), line_of(lent.row()));
    if (call_->row_fields != 0) lines.emplace_back("end");
    ++call_->report.rows;
  }
  void close_fields() {
    for (; call_->fields.size() > opened_before_; call_->fields.pop_back()) {
      if (!call_->fields.back()) call_->names.close();
      if (call_->in_row && !call_->row_counts) call_->report.lines.emplace_back("end");
    }
  }
  /// The row is shown without all that the plugin has for it.
  void lose(int rc) {
    if (lost_++ == 0) first_lost_ = rc;
    ++call_->report.lost_rows;
  }
  void tell_shortfall() {
    if (lost_ == 0) return;
    const bool fails = lost_ == elements_ && first_lost_ != MSC_EFAULT;
    call_->report.lines.push_back("note " + name_of(fails ? MSC_EFAIL : MSC_OK) + " " +
                                  std::to_string(lost_) + " of " + std::to_string(elements_) +
                                  " elements are without all that it adds, the first for " +
                                  contract::code_name(first_lost_));
  }
  int as_it_is(const Lent& lent) {
    begin_row(lent.record().shape);
    end_row(lent, call_->report.lines.size(), true);
    return MSC_OK;
  }
  /// MSC_OK to go on.
  int each(const Lent& lent) {
    const std::size_t line = call_->report.lines.size();
    opened_before_ = call_->fields.size();
    if (is_rows()) begin_row(lent.record().shape);
    call_->in_each = true;
    const int rc = wanted_.each(wanted_.user, &lent.record());
    call_->in_each = false;
    const std::size_t opened = call_->fields.size() - std::min(call_->fields.size(), opened_before_);
    auto problem = contract::each_problem(rc, is_rows(), call_->row_fields != 0, opened);
    if (is_rows()) end_row(lent, line, rc != MSC_LEAVE_OUT);
    if (!problem.empty()) return misuse(call_, std::move(problem));
    return rc == MSC_LEAVE_OUT ? int{MSC_OK} : rc > MSC_STOP ? int{MSC_STOP} : rc;
  }

  Render* call_;
  const msc_elements& wanted_;
  std::size_t opened_before_ = 0; ///< objects and lists
  int ended_ = MSC_OK;
  std::uint64_t elements_ = 0, lost_ = 0;
  int first_lost_ = MSC_OK;
};

} // namespace

int elements(Render* call, const msc_elements* wanted) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (wanted == nullptr) return misuse(call, "elements() with NULL");
  const bool is_target = wanted->map == 0 || wanted->map == call->host.target.map;
  auto problem = contract::elements_problem(*wanted, is_target, subject(call), progress(call));
  if (!problem.empty()) return misuse(call, std::move(problem));
  const auto map = map_at(call, wanted->map);
  return map ? Walk(call, *wanted).run(*map) : int{MSC_ENOENT};
}

int find_map(Render* call, const char* name, msc_target* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (name == nullptr || ret == nullptr) return misuse(call, "find_map() with NULL");
  if (!begin_filling(*ret)) return misuse(call, "find_map() into nothing");
  const auto is_it = [&](std::string_view other, std::uint32_t id) {
    return other == name || "id:" + std::to_string(id) == name;
  };
  const FakeHost& host = call->host;
  if (host.target.map != 0 && is_it(host.name, host.target.id)) {
    contract::fill(*ret, call->target);
    return MSC_OK;
  }
  for (const auto& other : host.others)
    if (is_it(other.name, other.target.id)) return contract::fill(*ret, of(call, other)), MSC_OK;
  for (const auto& made : call->made_maps)
    if (made.name == name) return contract::fill(*ret, of(call, made)), MSC_OK;
  FakeHost::Map made;
  if (!host.beyond || !map_beyond(*host.beyond, name, made)) return MSC_ENOENT;
  call->made_maps.push_back(std::move(made));
  contract::fill(*ret, of(call, call->made_maps.back()));
  return MSC_OK;
}

int lookup(Render* call, std::uint64_t map, const void* key, std::size_t key_size, msc_element* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (key == nullptr || ret == nullptr) return misuse(call, "lookup() with NULL");
  if (!begin_filling(*ret)) return misuse(call, "lookup() into nothing");
  const auto found = map_at(call, map);
  if (!found) return MSC_ENOENT;
  for (const FakeHost::Element& element : found->elements.all) {
    if (element.key.size() != key_size || std::memcmp(element.key.data(), key, key_size) != 0) continue;
    const auto lent = std::make_shared<Lent>(element, found->target.map, found->target);
    call->held.push_back(lent);
    *ret = lent->record();
    return take(call, lent->bytes());
  }
  return found->elements.lost ? MSC_EFAULT : MSC_ENOENT;
}

} // namespace mapscope::testing
