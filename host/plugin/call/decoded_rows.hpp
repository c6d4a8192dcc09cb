// SPDX-License-Identifier: Apache-2.0
// The rows of a map with what a decoder adds: each row comes from the renderer that stands next, passes by
// the decoder's each(), and goes on to the decoder's own call.
//
// Refuses: to lose a row because each() failed for it, and a row left out to which something was added.
// Thread rule: belongs to the thread that renders.
#pragma once

#include "host/plugin/call/element_sink.hpp"

#include <functional>
#include <string>
#include <utility>

struct msc_call;

namespace mapscope::plugin {

class DecodedRows final : public ElementSink {
public:
  using Each = std::function<int(const msc_row&)>;
  /// Without `each` the rows stay as they are.
  DecodedRows(msc_call& call, Each each) : call_(call), each_(std::move(each)) {}

  /// Whose walk gives the rows, when that is a decoder too: its failures are its own. "": no decoder.
  void come_from(std::string renderer) { renderer_ = std::move(renderer); }
  void note(int rc, std::string_view text) override;
  void finding(std::uint32_t severity, std::string_view text) override;
  void debug(std::string_view text) override;

  /// The decoder is about to add a field to the row it was given: shows it, and leaves it open.
  int begin_adding();
  [[nodiscard]] bool is_in_each() const { return in_each_; }
  /// Of the element that each() is called for, not of the render.
  void failed_because(std::string_view why);
  /// Of elements that are shown without all that the decoder has for them. Memory that it lacks is a gap of
  /// the report; where it knows nothing of a type the map has all it would have without it.
  void tell_shortfall();
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

private:
  int element(const msc_row& row) override;
  int repeated(const msc_row& row) override {
    value_ = &row; // shown with the first element, unless that is left out
    return MSC_OK;
  }
  int show_value();
  int member(const msc_field& field) override;
  int call_each(const msc_row& row);
  int leave_out(const msc_row& row);
  int close(const msc_row& row);
  void lose(int rc);

  msc_call& call_;
  Each each_;
  std::string renderer_;
  const msc_row* value_ = nullptr;
  const msc_row* pending_ = nullptr; ///< given to each(), and not shown yet
  bool in_each_ = false, has_added_ = false;
  int refused_ = MSC_OK;       ///< what the row came to when it was to be shown for a field
  bool counts_only_ = false;   ///< the row is beyond the limit
  bool is_stopped_ = false;    ///< each() is not called any more
  unsigned skipped_depth_ = 0; ///< fields of a row that was left out, still open
  std::uint64_t elements_ = 0, left_out_ = 0, lost_ = 0;
  bool lacks_memory_ = false;
  std::string why_, first_why_;
};

} // namespace mapscope::plugin
