// SPDX-License-Identifier: Apache-2.0
// A map's report that can begin again: when the plugin that shows the map fails, and another stands by.
//
// Nothing goes out before keep() or end(). Thread rule: as for any MapWriter.
#pragma once

#include "host/report/findings.hpp"
#include "host/report/spool.hpp"

#include <functional>
#include <memory>

namespace mapscope::report {

class Draft final : public DraftWriter {
public:
  using Make = std::function<std::unique_ptr<MapWriter>(Stream&)>;
  Draft(Make make, Stream& to) : make_(std::move(make)), to_(to) { make_version(); }

  void begin(const catalog::Map& map) override;
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    version_->watch->begin_allocator(name, section);
  }
  void row(const Row& row) override { version_->watch->row(row); }
  void field(const Field& field) override { version_->watch->field(field); }
  void end(const Outcome& outcome) override;
  [[nodiscard]] Cuts cuts() const override { return version_->watch->cuts(); }

  void keep() override { version_->text.let_go(); }
  void set_aside() override;
  void drop() override;
  void bring_back() override;

  [[nodiscard]] const Seen& seen() const { return version_->watch->seen(); }

private:
  struct Version {
    explicit Version(Stream& to) : text(to) {}
    Spool text;
    std::unique_ptr<MapWriter> plain;
    std::optional<Watch> watch;
  };
  void make_version();

  Make make_;
  Stream& to_;
  const catalog::Map* map_ = nullptr;
  std::unique_ptr<Version> version_, aside_;
};

} // namespace mapscope::report
