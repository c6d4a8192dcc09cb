# SPDX-License-Identifier: Apache-2.0
"""What a guest runs: the loader as its init, and the BPF objects that the loader loads.

Kept by what they are made from and with: eight guests of one test need no more than one build.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import tempfile

from kernels import run

HERE = pathlib.Path(__file__).resolve().parent
CLANG = "clang-19"
# Whose content ends up in the programs.
PACKAGES = ("g++", "libbpf-dev", "libelf-dev", "zlib1g-dev", "libc6-dev", "linux-libc-dev", CLANG)


def loader_sources(many):
    """The loader for many elements has a beginning of its own and shares what lies below it."""
    sources = sorted((HERE / "loader").glob("*.cpp"))
    if not many:
        return sources
    return [source for source in sources if source.name != "main.cpp"] + sorted((HERE / "many").glob("*.cpp"))


def in_parallel(function, sources):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, sources))


def build_loader(built, many, work):
    flags = run(["pkg-config", "--static", "--cflags", "--libs", "libbpf"]).split()

    def compiled(source):
        made = work / (source.name + ".o")
        run(["g++", "-std=c++20", "-O1", "-c", "-o", made, source, *flags])
        return made

    run(["g++", "-static", "-o", built / "init", *in_parallel(compiled, loader_sources(many)), *flags])


def build_objects(built, many):
    machine = run(["gcc", "-print-multiarch"]).strip()

    def compiled(source):
        # No folder of this machine is in the debug information, so that equal sources make equal objects.
        run([CLANG, "-target", "bpf", "-g", "-O2", f"-ffile-prefix-map={HERE}=.", "-fdebug-compilation-dir=.",
             f"-I/usr/include/{machine}", "-c", source, "-o", built / source.name.replace(".c", ".o")])

    folders = [HERE / "bpf", *([HERE / "many"] if many else [])]
    in_parallel(compiled, sorted(source for folder in folders for source in folder.glob("*.bpf.c")))


def ingredients_key(many):
    digest = hashlib.sha256(str(many).encode())
    digest.update(run(["dpkg-query", "-W", *PACKAGES]).encode())
    sources = [path for folder in ("loader", "bpf", "many") for path in (HERE / folder).iterdir()]
    for path in sorted([pathlib.Path(__file__), *sources]):
        digest.update(str(path.relative_to(HERE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def programs(cache, many):
    """By the name that each has in the guest, its file."""
    kept = cache / "programs" / ingredients_key(many)
    if not kept.is_dir():
        kept.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            work, built = pathlib.Path(folder), pathlib.Path(folder) / "built"
            built.mkdir()
            build_loader(built, many, work)
            build_objects(built, many)
            built.rename(kept)
    return {file.name: file for file in kept.iterdir()}
