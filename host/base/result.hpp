// SPDX-License-Identifier: Apache-2.0
// How a failure travels through the host: a value with a code, one sentence, and the address when there is
// one.
//
// Refuses: exceptions across module borders. A library that throws (toml++, Boost) is wrapped in one adapter
// that returns a Result. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace mapscope {

/// Different facts have different words; report and exit code are chosen by this, never by the text.
enum class Errc : std::uint8_t {
  io,          ///< the operating system refused: open, map, write
  refused,     ///< it lets nobody, or not this user, look into the machine in this way
  not_in_dump, ///< the address is valid, the dump does not hold its bytes
  unmapped,    ///< the target's page tables do not map the address
  corrupt,     ///< bytes are there and contradict themselves
  not_found,   ///< no such symbol, type, member, key or file entry
  unsupported, ///< understood, and mapscope cannot do it (yet); the text says which
  usage,       ///< the caller's request is wrong: option, configuration key
  budget,      ///< a limit the host set is spent
};

struct [[nodiscard]] Error {
  Errc code = Errc::corrupt;
  std::string text;                     ///< one clause, no final full stop: what was tried and what was found
  std::optional<std::uint64_t> address; ///< the target's address at fault, when one is known

  /// The same failure seen from one level up: `context` is put before the text.
  Error within(std::string_view context) && {
    text.insert(0, ": ").insert(0, context);
    return std::move(*this);
  }
};

template <class T> using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Errc code, std::string text) {
  return std::unexpected(Error{code, std::move(text), std::nullopt});
}
inline std::unexpected<Error> fail_at(Errc code, std::uint64_t address, std::string text) {
  return std::unexpected(Error{code, std::move(text), address});
}

} // namespace mapscope
