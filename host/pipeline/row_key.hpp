// SPDX-License-Identifier: Apache-2.0
// Whether a row has the key that a person wrote, in any of the ways to call an entry by: its key, the bytes
// of that, its index, or whom it is of: a task's pid, an inode's or a cgroup's number or path, a prefix.
//
// Thread rule: pure function.
#pragma once

#include "host/pipeline/row_reading.hpp"
#include "host/plain/key.hpp"
#include "host/report/kept_row.hpp"

namespace mapscope::pipeline {

bool has_key(const report::KeptRow& row, const plain::Key& key, ReadBack& read_back);

} // namespace mapscope::pipeline
