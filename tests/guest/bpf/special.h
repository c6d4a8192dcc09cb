/* SPDX-License-Identifier: Apache-2.0
 * Values with fields that the kernel keeps state in; shared by the programs and their loader. */
#ifndef GUEST_SPECIAL_H
#define GUEST_SPECIAL_H

enum { TREE_NODES = 40, LIST_NODES = 5, PERCPU_NUMBER = 4711, MOST_CPUS = 64 };

#endif
