// SPDX-License-Identifier: Apache-2.0
// What sources share that find their bytes in Pieces.
//
// Thread rule: as Source; the derived class fills it before anyone else sees it.
#pragma once

#include "host/memory/pieces.hpp"
#include "host/memory/source.hpp"

#include <string>
#include <vector>

namespace mapscope::memory {

class Piecewise : public Source {
public:
  [[nodiscard]] std::string_view arch() const override { return ""; }
  [[nodiscard]] std::span<const Segment> segments() const override { return pieces_.segments(); }
  [[nodiscard]] std::string_view vmcoreinfo() const override { return ""; }
  [[nodiscard]] std::span<const std::string> warnings() const override { return warnings_; }
  [[nodiscard]] std::span<const std::byte> view(std::uint64_t address, std::size_t want) const override {
    return pieces_.view(address, want);
  }
  [[nodiscard]] Absence why_absent(std::uint64_t address) const override {
    return pieces_.why_absent(address);
  }
  [[nodiscard]] std::uint64_t cut_off_bytes() const override { return missing_; }
  [[nodiscard]] std::vector<Detail> details() const override { return details_; }

protected:
  /// Call when all pieces are added.
  void settle(const std::string& name);

  Pieces pieces_;
  std::vector<std::string> warnings_;
  std::vector<Detail> details_;
  std::uint64_t missing_ = 0; ///< bytes that the file promises behind its end
};

} // namespace mapscope::memory
