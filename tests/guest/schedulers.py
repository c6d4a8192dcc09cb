# SPDX-License-Identifier: Apache-2.0
"""Builds sched_ext schedulers from the source package of the kernel that is to run them.

Nothing of the source is kept but the programs: linked statically, for a guest that has no libraries.
"""

import hashlib
import pathlib
import re
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
NAMES = ("scx_central", "scx_flatcg", "scx_pair", "scx_qmap", "scx_sdt", "scx_simple")
# The newest first. The verifier refuses what clang 19 makes of scx_qmap: it loses track of an arena pointer.
COMPILERS = ("clang-24", "clang-23", "clang-22", "clang-21", "clang-20")
# What clang leaves out of a scheduler's types because only its code mentions it. It is linked to the scheduler, or
# no reader of its maps could know of what type its contexts are.
TYPES = {"scx_sdt": '#include "scx_sdt.h"\nstruct scx_stats *scx_stats_of_btf;\n'}
NEEDED = ("tools", "scripts/bpf_doc.py", "include/uapi", "include/linux")


class Failed(Exception):
    """One sentence for the person who builds."""


def run(command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} failed: {(done.stderr.strip() or done.stdout.strip())[-2000:]}")
    return done.stdout


def compiler():
    for name in COMPILERS:
        if shutil.which(name):
            return name
    raise Failed(f"none of {', '.join(COMPILERS)} is installed; Debian's security suites have one")


def unpack_source(apt, series, version, work):
    """The parts of the kernel's source that the schedulers need."""
    package = apt.download(f"linux-source-{series}", work, version)
    run(["dpkg", "-x", package, work / "package"])
    package.unlink()
    archive = next((work / "package").rglob("linux-source-*.tar.xz"))
    source = work / "source"
    source.mkdir()
    run(["tar", "-xf", archive, "-C", source, "--strip-components=1", *[f"{archive.name[:-7]}/{part}" for part in NEEDED]])
    shutil.rmtree(work / "package")
    return source


def kernel_types(apt, version, work):
    """The folder of Debian's own vmlinux.h."""
    run(["dpkg", "-x", apt.download("linux-bpf-dev", work, version), work / "types"])
    return next((work / "types").rglob("vmlinux.h")).parent


def build_bpftool(source, work):
    """The smallest bpftool, which links objects and writes skeletons, and the libbpf that it is built with."""
    out = work / "bpftool"
    out.mkdir()
    run(["make", "-s", "-j2", "-C", source / "tools/bpf/bpftool", f"OUTPUT={out}/", "SKIP_CRYPTO=1", "bootstrap"])
    return out / "bootstrap"


def compile_bpf(source_file, built, source, includes):
    machine = run(["gcc", "-print-multiarch"]).strip()
    run([compiler(), "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-D__TARGET_ARCH_x86", "-mlittle-endian", "-fms-extensions",
         f"-ffile-prefix-map={source}=.", "-I", source / "tools/sched_ext/include/bpf-compat", *includes,
         "-I", source / "include", "-idirafter", f"/usr/include/{machine}", "-idirafter", "/usr/include",
         "-c", source_file, "-o", built])
    return built


def types_object(name, source, includes, work):
    """An object that has only the types, or nothing when the scheduler's own has them."""
    if name not in TYPES:
        return []
    written = work / f"{name}_types.bpf.c"
    written.write_text("#include <scx/common.bpf.h>\n#include <scx/bpf_arena_common.bpf.h>\n" + TYPES[name])
    return [compile_bpf(written, work / f"{name}_types.bpf.o", source, includes)]


def build_one(name, source, types, bpftool, work):
    """As tools/sched_ext/Makefile does, but static."""
    tools, libbpf = source / "tools", bpftool / "libbpf"
    includes = ["-I", tools / "sched_ext", "-I", tools / "sched_ext/include", "-I", work, "-I", libbpf / "include",
                "-I", tools / "include/uapi"]
    bpf_includes = [*includes, "-I", types]
    compiled = compile_bpf(tools / f"sched_ext/{name}.bpf.c", work / f"{name}.bpf.o", source, bpf_includes)
    linked = work / f"{name}.linked.o"
    run([bpftool / "bpftool", "gen", "object", linked, compiled, *types_object(name, source, bpf_includes, work)])
    (work / f"{name}.bpf.skel.h").write_text(run([bpftool / "bpftool", "gen", "skeleton", linked, "name", name]))
    elf = run(["pkg-config", "--static", "--libs", "libelf"]).split()
    run(["gcc", "-O2", "-pthread", "-static", *includes, "-I", tools / "lib", "-I", tools / "include",
         "-o", work / name, tools / f"sched_ext/{name}.c", HERE / "loader/libelf_search.cpp", libbpf / "libbpf.a", *elf])
    return work / name


def build_all(apt, series, version, folder, cache):
    with tempfile.TemporaryDirectory(dir=cache) as made:
        work = pathlib.Path(made)
        source, types = unpack_source(apt, series, version, work), kernel_types(apt, version, work)
        bpftool = build_bpftool(source, work)
        finished = work / "finished"
        finished.mkdir()
        for name in NAMES:
            build_one(name, source, types, bpftool, work).rename(finished / name)
        folder.parent.mkdir(exist_ok=True)
        finished.rename(folder)


def schedulers(apt, kernel_package, version, cache):
    """Folder of the built programs, kept by source, compiler and recipe."""
    series = re.match(r"linux-image-(\d+\.\d+)", kernel_package).group(1)
    digest = hashlib.sha256()
    for part in (version, run([compiler(), "--version"]), pathlib.Path(__file__).read_text()):
        digest.update(part.encode() + b"\0")
    folder = cache / "schedulers" / f"{series}-{digest.hexdigest()[:16]}"
    if not folder.is_dir():
        build_all(apt, series, version, folder, cache)
    return folder
