// SPDX-License-Identifier: Apache-2.0
// The tests that every plugin must pass (samples_test.cpp). A family instantiates them for a sample of its
// own: INSTANTIATE_TEST_SUITE_P(Ringbuf, Contract, ::testing::Values(ringbuf_sample), sample_name);
#pragma once

#include "plugin_file.hpp"
#include "samples.hpp"

#include <gtest/gtest.h>
#include <mapscope/testing/fake_host.hpp>

namespace mapscope::test {

class Contract : public ::testing::TestWithParam<Sample> {
protected:
  const msc_plugin& plugin_ = plugin_file(GetParam().plugin);
  testing::FakeHost host_{GetParam().image};
};

inline std::string sample_name(const ::testing::TestParamInfo<Sample>& info) { return info.param.plugin; }

} // namespace mapscope::test
