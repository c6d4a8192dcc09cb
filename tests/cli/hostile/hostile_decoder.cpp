// SPDX-License-Identifier: Apache-2.0
// The same attached to elements: it goes wrong in the midst of a walk that is another's.
#define HOSTILE_DECODER
#include "hostile.cpp" // NOLINT(bugprone-suspicious-include): one source, two manifests
