// SPDX-License-Identifier: Apache-2.0
// workqueue.bpf.c for kernels since 7.0.
#define IMPLICIT_AUX
#include "workqueue.bpf.c"
