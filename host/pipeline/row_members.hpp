// SPDX-License-Identifier: Apache-2.0
// A member of a row by its path, wherever the row has it: in its value (of per-CPU values in one CPU's copy),
// in the slot that it points to, among what stands beside them (owner.pid), in its key. `key`, `value` and
// `payload` in front of a path say which.
//
// Refuses: to say of per-CPU values which CPU is meant; [3] in front does, or whoever asks. Thread rule: pure
// functions.
#pragma once

#include "host/plain/path.hpp"
#include "host/plain/scalar.hpp"
#include "host/report/kept_row.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mapscope::pipeline {

using Path = std::span<const plain::Step>;

[[nodiscard]] bool is_per_cpu(const report::KeptRow& row);

/// `cpu`: whose copy is looked at. Null: the row has no such member. Valid until `into` is used again.
const plain::Scalar* member_of(const report::KeptRow& row, Path path, std::size_t cpu, plain::Scalar& into);

/// The same among what stands beside its key and value alone.
const plain::Scalar* field_of(const report::KeptRow& row, Path path, plain::Scalar& into);

/// What the row is ordered by: of per-CPU values, where the path says no CPU, the sum of all copies.
const plain::Scalar* order_of(const report::KeptRow& row, Path path, plain::Scalar& into);

/// Of an element of a list what tells it from others: a record's position, a stack's id. Null: it has none.
const report::KeptField* listed_key(const report::KeptRow& row);

/// Adds what a path may begin with.
void add_names_of(const report::KeptRow& row, std::vector<std::string>& names);

} // namespace mapscope::pipeline
