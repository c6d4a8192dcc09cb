# SPDX-License-Identifier: Apache-2.0
"""What a guest runs: the loader as its init, and the BPF objects that the loader loads.

For a guest of another architecture the loader is cross-compiled, with that architecture's libraries out of Debian's
packages, unpacked into a folder of our own. BPF objects are the same for all.

Kept by what they are made from and with: eight guests of one test need no more than one build.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import tempfile

from kernels import Apt, fail, own_architecture, own_suite, run

HERE = pathlib.Path(__file__).resolve().parent
CLANG = "clang-19"
# Whose content ends up in the programs.
PACKAGES = ("g++", "libbpf-dev", "libelf-dev", "zlib1g-dev", "libc6-dev", "linux-libc-dev", CLANG)
CROSS_LIBRARIES = ("libbpf-dev", "libelf-dev", "zlib1g-dev", "libzstd-dev")


class Toolchain:
    """Makes static programs for one architecture."""

    def __init__(self, arch, cache):
        self.compiler, environment, self.key = "g++", None, ""
        paths = []
        if arch != own_architecture():
            machine = run(["dpkg-architecture", "-a", arch, "-q", "DEB_HOST_MULTIARCH"]).strip()
            root = cross_libraries(arch, cache)
            library = root / "usr/lib" / machine
            self.compiler, self.key = f"{machine}-g++", root.name + run(["dpkg-query", "-W", f"g++-{machine.replace('_', '-')}"])
            environment = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": str(root), "PKG_CONFIG_LIBDIR": f"{library}/pkgconfig"}
            paths = [f"-I{root}/usr/include", f"-I{root}/usr/include/{machine}", f"-L{library}"]
        self.flags = [*paths, *run(["pkg-config", "--static", "--cflags", "--libs", "libbpf"], env=environment).split()]


def cross_libraries(arch, cache):
    """Folder with the libraries of another architecture, unpacked; kept by their versions."""
    apt = Apt(own_suite(), cache, arch)
    found = [apt.newest(name, name) for name in CROSS_LIBRARIES]
    versions = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
    folder = cache / "libraries" / f"{arch}-{versions}"
    if not folder.is_dir():
        folder.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            for name, version in found:
                run(["dpkg", "-x", apt.download(name, pathlib.Path(work), version), pathlib.Path(work) / "root"])
            (pathlib.Path(work) / "root").rename(folder)
    return folder

# The objects that are made of one source, and the words that each defines in it: first what releases of the schedulers'
# library have, told by BTF or only declared there; then what one may have that is to come.
LAYOUT_SOURCE = "layout.bpf.c"
LAYOUT_WORDS = ("LINK", "BEHIND", "DECLARED", "OLDER", "ALIGNED", "BITMAP_ID", "RCU")
LAYOUTS = {
    "before": "BITMAP_ID",
    "before_plain": "",
    "before_older": "OLDER BITMAP_ID",
    "before_link": "LINK BITMAP_ID",
    "behind": "BEHIND",
    "behind_link": "BEHIND LINK",
    "behind_link_id": "BEHIND LINK BITMAP_ID",
    "behind_aligned": "BEHIND LINK ALIGNED",
    "decl_before": "DECLARED BITMAP_ID",
    "decl_before_plain": "DECLARED",
    "decl_before_link": "DECLARED LINK BITMAP_ID",
    "decl_behind": "DECLARED BEHIND",
    "decl_behind_link": "DECLARED BEHIND LINK",
    "decl_behind_link_id": "DECLARED BEHIND LINK BITMAP_ID",
    "rcu_before": "RCU",
    "decl_rcu_before": "DECLARED RCU",
}


def loader_sources(many):
    """The loader for many elements has a beginning of its own and shares what lies below it."""
    sources = sorted((HERE / "loader").glob("*.cpp"))
    if not many:
        return sources
    return [source for source in sources if source.name != "main.cpp"] + sorted((HERE / "many").glob("*.cpp"))


def in_parallel(function, sources):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, sources))


def build_loader(built, many, tools, work):
    def compiled(source):
        made = work / (source.name + ".o")
        # A char has a sign in BPF objects, and so in what the loader says of them: compilers for arm64 think otherwise.
        run([tools.compiler, "-std=c++20", "-O1", "-fsigned-char", "-c", "-o", made, source, *tools.flags])
        return made

    run([tools.compiler, "-static", "-o", built / "init", *in_parallel(compiled, loader_sources(many)), *tools.flags])


def build_objects(built, many):
    machine = run(["gcc", "-print-multiarch"]).strip()

    def compiled(object_source_words):
        name, source, *words = object_source_words
        # No folder of this machine is in the debug information, so that equal sources make equal objects.
        run([CLANG, "-target", "bpf", "-g", "-O2", f"-ffile-prefix-map={HERE}=.", "-fdebug-compilation-dir=.",
             f"-I/usr/include/{machine}", *words, "-c", source, "-o", built / f"{name}.bpf.o"])

    folders = [HERE / "bpf", *([HERE / "many"] if many else [])]
    sources = sorted(source for folder in folders for source in folder.glob("*.bpf.c") if source.name != LAYOUT_SOURCE)
    in_parallel(compiled, [(source.name.removesuffix(".bpf.c"), source) for source in sources] + layout_objects())


def layout_objects():
    def defined(words):
        return [f"-D{word}={int(word in words.split())}" for word in LAYOUT_WORDS]

    return [(f"layout_{name}", HERE / "bpf" / LAYOUT_SOURCE, *defined(words)) for name, words in LAYOUTS.items()]


def ingredients_key(many, tools):
    digest = hashlib.sha256(str(many).encode() + tools.key.encode())
    digest.update(run(["dpkg-query", "-W", *PACKAGES]).encode())
    sources = [path for folder in ("loader", "bpf", "many") for path in (HERE / folder).iterdir()]
    for path in sorted([pathlib.Path(__file__), *sources]):
        digest.update(str(path.relative_to(HERE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def bpftool():
    """This machine's, with the libraries that it loads, and what loads them: by the name that each has in the guest."""
    program = shutil.which("bpftool", path="/usr/sbin:/sbin:" + os.environ.get("PATH", ""))
    if not program:
        fail("there is no bpftool; install the package bpftool")
    listed = run(["ldd", program])
    files = {name: pathlib.Path(path) for name, path in re.findall(r"(\S+) => (/\S+)", listed)}
    return files | {"bpftool": pathlib.Path(program), "ld.so": pathlib.Path(re.search(r"^\s+(/\S*ld-linux\S*)", listed, re.M).group(1))}


def programs(cache, many, arch):
    """By the name that each has in the guest, its file."""
    tools = Toolchain(arch, cache)
    kept = cache / "programs" / ingredients_key(many, tools)
    if not kept.is_dir():
        kept.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            work, built = pathlib.Path(folder), pathlib.Path(folder) / "built"
            built.mkdir()
            build_loader(built, many, tools, work)
            build_objects(built, many)
            built.rename(kept)
    return {file.name: file for file in kept.iterdir()}
