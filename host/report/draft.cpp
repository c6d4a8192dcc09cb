// SPDX-License-Identifier: Apache-2.0
#include "host/report/draft.hpp"

namespace mapscope::report {

void Draft::make_version() {
  version_ = std::make_unique<Version>(to_);
  version_->plain = make_(version_->text);
  version_->watch.emplace(*version_->plain);
}

void Draft::begin(const catalog::Map& map) {
  map_ = &map;
  version_->watch->begin(map);
}

void Draft::end(const Outcome& outcome) {
  keep();
  version_->watch->end(outcome);
}

void Draft::set_aside() {
  if (!aside_) aside_ = std::move(version_);
  drop();
}

void Draft::drop() {
  make_version();
  if (map_ != nullptr) version_->watch->begin(*map_);
}

void Draft::bring_back() {
  if (aside_) version_ = std::move(aside_);
}

} // namespace mapscope::report
