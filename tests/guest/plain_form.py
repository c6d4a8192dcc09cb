# SPDX-License-Identifier: Apache-2.0
"""The lines of `dump --format ndjson`, made a second time of what `dump -j` wrote of the same memory.

Written from the format's description alone, so that it shares no mistake with the program.
"""

LISTS = [("entries", None), ("percpu_hash_entries", None), ("percpu_entries", None), ("array_entries", None), ("elements", None),
         ("fd_array", "slots"), ("stack_trace", "entries"), ("ringbuf", "records"), ("arena", "pages")]
KINDS = {"int", "uint", "bool", "char", "float", "enum", "struct", "array", "cpu_list", "ptr", "bytes", "truncated", "unsupported"}


def text_of(elements):
    """The text that an array of 8-bit values is, or None."""
    codes, unsigned = [], False
    for element in elements:
        if element["kind"] not in ("int", "uint", "char") or element.get("bits", 8) != 8:
            return None
        unsigned = unsigned or element["kind"] == "uint"
        codes.append(element["value"])
    end = codes.index(0) if 0 in codes else len(codes)
    if not codes or any(codes[end:]) or not all(0x20 <= code <= 0x7e for code in codes[:end]):
        return None
    if unsigned and (end == len(codes) or end < 3):
        return None
    return bytes(codes[:end]).decode()


def members_of(value):
    for member in value.get("members", []):
        if member["name"] == "" and member["value"]["kind"] == "struct":
            yield from members_of(member["value"])
        else:
            yield member["name"], member["value"]


def plain_struct(value):
    made = {}
    facts = [(name, fact) for name, fact in value.items() if name not in ("kind", "type_name", "members")]
    for name, member in [*members_of(value), *facts]:
        nth, called = 2, name
        while called in made:
            nth, called = nth + 1, f"{name}#{nth}"
        made[called] = plain(member)
    return made


def plain(value):
    if isinstance(value, list):
        return [plain(element) for element in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("kind")
    if kind not in KINDS:
        return {name: plain(member) for name, member in value.items()}
    if kind == "struct":
        return plain_struct(value)
    if kind == "array":
        text = text_of(value["elements"])
        return [plain(element) for element in value["elements"]] if text is None else text
    if kind == "enum":
        return value["value"] if value["variant"] is None else value["variant"]
    if kind == "ptr":
        return hex(value["value"])
    if kind == "bytes":
        return value.get("value", value["hex"])
    if kind == "char":
        return chr(value["value"]) if 0x20 <= value["value"] <= 0x7e else value["value"]
    if kind == "truncated":
        return plain(value["partial"])
    return value["cpus"] if kind == "cpu_list" else value.get("value")


def rows_of(record, outer, inner):
    rows = record.get(outer)
    return rows.get(inner) if inner and rows else rows


def first_of(row, *names):
    return next(((name, plain(row[name])) for name in names if name in row), (None, None))


def lines_of_row(row, outer, inner):
    """(key, cpu, value) of each line, and the names of what must stand in `more`."""
    more = set(row) - {"key", "key_hex", "value", "value_hex", "per_cpu", "per_cpu_hex"}
    if inner in ("slots", "entries"):
        name, key = first_of(row, "index", "key", "key_hex", "bucket_id")
        names = ("index", "key", "key_hex", "bucket_id")
        return [(key, None, {name: plain(member) for name, member in row.items() if name not in names})], set()
    if inner == "records":
        return [(row["pos"], None, first_of(row, "value", "data_hex")[1])], more - {"pos", "data_hex"}
    if inner == "pages":
        return [(hex(row["user_addr"]), None, row.get("bytes"))], set()
    _, key = first_of(row, "key", "key_hex", "index", "idx")
    if "per_cpu" in row:
        copies = [(key, cpu, plain(copy)) for cpu, copy in enumerate(row["per_cpu"])]
        return copies or [(key, None, None)], more
    if "payload" in row and "idx" in row:
        return [(key, None, plain(row["payload"]))], {"genn", "user_addr"}
    return [(key, None, first_of(row, "value", "value_hex")[1])], more - {"index"}


def expected_lines(record):
    """Of a map or an allocator, in order."""
    for outer, inner in LISTS:
        for row in rows_of(record, outer, inner) or []:
            lines, more = lines_of_row(row, outer, inner)
            for line in lines:
                yield *line, more
    if "value" in record and "array_entries" not in record:  # there it is the first of them
        yield 0 if record.get("key_size") else None, None, plain(record["value"]), set()


def without_addresses(value):
    """Fields that are addresses are strings in lines; in JSON nothing tells them from other numbers."""
    if isinstance(value, dict):
        return {name: without_addresses(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_addresses(element) for element in value]
    return int(value, 16) if isinstance(value, str) and value.startswith("0x") else value


def is_same(expected, line):
    key, cpu, value, more = expected
    if more - set(line.get("more", {})):
        return False
    return (key, cpu) == (line["key"], line.get("cpu")) and without_addresses(value) == without_addresses(line["value"])
