# SPDX-License-Identifier: Apache-2.0
"""What bpftool printed inside a guest, as the capture keeps it, and where mapscope means to print something else."""

import json
import re

# bpf(2) hands out another thing than memory holds: a socket's cookie, ids of programs in place of functions, and what it leaves
# out of a value (locks, timers, objects).
NOT_IN_MEMORY = {"struct_ops": "its members are ids of programs there", "reuseport_sockarray": "cookies of sockets"}

# The kernel walks them from the longest prefixes to the shortest ones, mapscope from the root of the trie.
OTHER_ORDER = {"lpm_trie"}

# An array without a length: bpftool shows none of its elements.
OPEN_ENDED = re.compile(r'"items":\[[0-9,]*\]')


def parts_of(printed):
    """By what was asked ("batch" or a map's id): exit code and text."""
    found = list(re.finditer(r"^# (\w+): (\d+)\n", printed, re.M))
    for part, following in zip(found, [*found[1:], None]):
        end = following.start() if following else len(printed)
        yield part.group(1), int(part.group(2)), printed[part.end():end].rstrip("\n")


def dumps_of(printed):
    """By map id, the array that bpftool printed; text that need not be JSON."""
    dumps = {}
    for what, _, text in parts_of(printed):
        if what != "batch":
            dumps[int(what)] = text
            continue
        pieces = re.split(r'[\[,]?\{"command":\["map","dump","id","(\d+)"\],"output":', text)
        for number, output in zip(pieces[1::2], pieces[2::2]):
            dumps[int(number)] = re.sub(r"\}\]?$", "", output, count=1)
    return dumps


def with_sorted_elements(text):
    return sorted(json.dumps(element) for element in json.loads(text))
