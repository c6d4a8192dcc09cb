// SPDX-License-Identifier: Apache-2.0
// Values that lie where they are and are written in place, on a machine that runs: looked at twice, all of
// them and then all of them again. One that has changed is read a few times more; one that goes on changing
// is shown as it was read last and told of, since nobody holds writers off: look-ups of bpf(2) do not either.
#pragma once

#include "counted.hpp"
#include "digest.hpp"
#include "second_look.hpp"

namespace mapscope::builtin {

class PlainValues {
public:
  /// Values of `count` elements. Eight bytes are read as one.
  PlainValues(Call& call, std::uint64_t count)
      : call_(call), look_(call), is_wanted_(look_.is_running() && call.target.value_size > 8),
        count_(count) {}

  /// Else all values are as they should be.
  [[nodiscard]] bool is_wanted() const { return is_wanted_; }

  /// each(element, bytes) of all of them comes first.
  void first_look(std::uint64_t element, Bytes bytes) {
    digests_.resize(count_);
    digests_[element] = digest(bytes);
  }
  void begin_second_look() { is_second_ = !digests_.empty() && call_.look_again().has_value(); }
  [[nodiscard]] bool is_settled(std::uint64_t element, Bytes bytes) const {
    return !is_wanted_ || (is_second_ && digests_[element] == digest(bytes));
  }
  /// read(look) reads one that is not, each time all of it.
  template <class Read> void settle(Read read) {
    const auto outcome = look_.settle([&](bool) { return read(look_), true; });
    if (outcome != SecondLook::Outcome::whole) ++other_values_;
  }

  void note_gaps() {
    if (other_values_ != 0)
      call_.note(MSC_OK, counted(other_values_, "element has|elements have", of_two_times).c_str());
  }

private:
  Call& call_;
  SecondLook look_;
  bool is_wanted_, is_second_ = false;
  std::uint64_t count_, other_values_ = 0;
  std::vector<std::uint64_t> digests_; ///< by element
};

} // namespace mapscope::builtin
