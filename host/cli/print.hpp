// SPDX-License-Identifier: Apache-2.0
// Standard output as a stream for the smaller commands, and the entry counts that `maps` shows.
#pragma once

#include "host/cli/session.hpp"
#include "host/report/json_text.hpp"

#include <optional>
#include <vector>

namespace mapscope::cli {

class StdoutStream final : public report::Stream {
public:
  void append(std::string_view text) override;
};

/// Live entries of each map, counted by its plugin without decoding anything; nothing where nobody can tell.
std::vector<std::optional<std::uint64_t>> count_entries(const Setup& setup, const Session& session,
                                                        const std::vector<plugin::Selection>& selections);

} // namespace mapscope::cli
