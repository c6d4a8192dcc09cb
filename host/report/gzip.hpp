// SPDX-License-Identifier: Apache-2.0
// Text packed as gzip does, as it comes, by the library that the build has: libisal, which is several times
// as fast and packs better, or zlib.
//
// Refuses: to be the same bytes from both; the text in them is. Thread rule: one object, one thread.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mapscope::report {

class Gzip {
public:
  /// Takes what is packed, piece by piece.
  using Put = std::function<void(std::span<const unsigned char>)>;

  explicit Gzip(Put put);
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  void add(std::string_view text);
  void end();

private:
  struct State;

  void run(std::string_view text, bool is_last);

  Put put_;
  std::string held_; ///< less than a piece
  std::unique_ptr<State> state_;
};

} // namespace mapscope::report
