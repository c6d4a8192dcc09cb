// SPDX-License-Identifier: Apache-2.0
// The verifier's rules about the manifest's text, one function a rule, for the verifier's log and for
// parse_manifest().
//
// Refuses: to name the rule in an error's text; the caller knows which one it asked. Thread rule: pure.
#pragma once

#include "host/plugin/verify/manifest.hpp"

#include <span>

namespace mapscope::plugin {

struct ManifestLine {
  std::string_view key, value; ///< views of the description
};

/// V5: the description as key=value lines of plain text.
Result<std::vector<ManifestLine>> manifest_lines(std::string_view description);

/// V6: required keys are there, single keys are single, the id has its form. Fills the plain text members.
Result<void> read_identity(std::span<const ManifestLine> lines, Manifest& manifest);

struct AbiVersion {
  std::uint32_t major = 0, minor = 0;
};
/// "MAJOR.MINOR".
Result<AbiVersion> parse_abi(std::string_view text);
/// V7: the offered interface serves the wanted one; the error says which of the two sides to upgrade.
Result<void> check_abi(AbiVersion wanted, AbiVersion offered);
/// What this program offers.
AbiVersion host_abi();

/// V11: attach=, needs=, config= and budget= follow their grammar.
Result<void> read_grammar(std::span<const ManifestLine> lines, Manifest& manifest);
/// What follows the grammar and will hardly do what its author wants, each as a clause.
std::vector<std::string> doubts_about(const Manifest& manifest);
/// The key that an unknown one may have been meant for; "" = none.
std::string key_like(std::string_view unknown);

} // namespace mapscope::plugin
