// SPDX-License-Identifier: Apache-2.0
// The C++ face of plugin.h, header-only, and all that a plugin includes: helper calls that throw inside the
// plugin and never across the line.
//
// Every Call method is one helper and a check of its result; a failure unwinds the plugin's own frames to
// guarded(), which hands the code back to the host. Its parts: call.hpp, one render; fields.hpp, what is
// added to the report; object.hpp, members by their paths; element.hpp, elements of maps; walk.hpp, how they
// are walked; lists.hpp, the kernel's lists and trees. Thread rule: as plugin.h.
#pragma once

#include <mapscope/call.hpp>
#include <mapscope/lists.hpp>

#include <cstdio>
#include <exception>

namespace mapscope {

/// Says why a render fails; what to return for it.
inline int failed_with(const msc_host* host, msc_call* call, const char* why) noexcept {
  const int noted = host->note(call, MSC_EFAIL, why);
  return noted > MSC_OK ? noted : int{MSC_EFAIL}; // a budget is spent
}

/// The exception barrier: nothing a plugin throws reaches the host.
template <void (*Render)(Call&)>
int guarded(const msc_host* host, msc_call* call, const msc_target* target) noexcept {
  try {
    Call wrapped(host, call, *target);
    Render(wrapped);
    return MSC_OK;
  } catch (const Stop& stop) {
    return stop.rc;
  } catch (const std::exception& error) {
    char why[256]; // memory may be what there was none of
    (void)std::snprintf(why, sizeof why, "an exception: %s", error.what());
    return failed_with(host, call, why);
  } catch (...) {
    return failed_with(host, call, "an exception of unknown type");
  }
}

/// The render of a decoder that only adds members to rows.
template <void (*Decode)(Element&)> void render_rows(Call& call) { call.rows(Decode); }

} // namespace mapscope

#define MSC_STRINGIZE_(X) #X
#define MSC_STRINGIZE(X) MSC_STRINGIZE_(X)

/// Once per plugin: its render function and its manifest lines, "key=value\0key=value". abi= is added here.
#define MSC_PLUGIN(RENDER, TEXT)                                                                             \
  MSC_MANIFEST("abi=" MSC_STRINGIZE(MSC_ABI_MAJOR) "." MSC_STRINGIZE(MSC_ABI_MINOR) "\0" TEXT);              \
  extern "C" const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR,             \
                                               &mapscope::guarded<RENDER>}

/// The same of a decoder: `void FUNCTION(mapscope::Element&)` sees each element of the map and adds members
/// to its row. Its attach lines end in mode=element.
#define MSC_ELEMENT_PLUGIN(FUNCTION, TEXT) MSC_PLUGIN(mapscope::render_rows<FUNCTION>, TEXT)
