# SPDX-License-Identifier: Apache-2.0
"""Debian's kernels as packages: which is the newest of a series, what is in it, and the modules that a guest boots with.

The machine's own package sources stay as they are. Unpacked kernels are kept.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PATIENT = ["-o", "Acquire::Retries=4"]  # of apt-get: mirrors refuse now and then

# How Debian's packages of one kernel are told apart.
FLAVOURS = {"cloud": "cloud-{arch}", "generic": "{arch}", "rt": "rt-{arch}", "16k": "{arch}-16k"}

# Where a series comes from when the configured suites do not have it, and what its kernel must be told to have all map types:
# 5.10 gives inodes no room for values unless the security module of BPF is asked for.
SERIES = {
    "5.10": {"pattern": r"linux-image-5\.10\.0-\d+", "suite": "bullseye", "words": "lsm=bpf"},
    "6.1": {"pattern": r"linux-image-6\.1\.0-\d+", "suite": "bookworm"},
    "6.12": {"pattern": r"linux-image-6\.12\.\d+\+deb1[23]", "suite": "trixie"},
    "7": {"pattern": r"linux-image-7\.\d+\.\d+\+deb13", "suite": "trixie-backports"},
}


class NoPackage(Exception):
    """No suite has a kernel of that kind, or none any more."""


def fail(sentence):
    sys.exit(f"capture: {sentence}")


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        fail(f"{' '.join(map(str, command))} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def own_architecture():
    return run(["dpkg", "--print-architecture"]).strip()


def own_suite():
    """Of this machine, whose libraries its cross compilers are made for."""
    return re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M).group(1)


class Apt:
    """Package look-ups and downloads; with a suite, in a private directory, so the machine's own sources stay as they are.

    Of another architecture than this machine's there are no look-ups without a suite: dpkg is told of none."""

    def __init__(self, suite=None, cache=None, arch=None):
        self.options = []
        if suite:
            foreign = arch and arch != own_architecture()
            folder = cache / "apt" / (f"{suite}-{arch}" if foreign else suite)
            (folder / "lists/partial").mkdir(parents=True, exist_ok=True)
            (folder / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
            mirror = self.mirror()
            sources = folder / "sources.list"
            keyring = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
            security = re.sub(r"/debian/?$", "/debian-security", mirror)
            lines = [f"deb {keyring} {mirror} {suite} main"]
            if not suite.endswith("-backports"):  # those have no security suite of their own
                lines.append(f"deb {keyring} {security} {suite}-security main")
            sources.write_text("\n".join(lines) + "\n")
            self.options = ["-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=/dev/null",
                            "-o", f"Dir::State::lists={folder / 'lists'}", "-o", f"Dir::Cache={folder / 'cache'}"]
            if foreign:  # what is installed here is of no matter to its packages
                self.options += ["-o", f"APT::Architecture={arch}", "-o", f"APT::Architectures={arch}",
                                 "-o", "Dir::State::status=/dev/null"]
            self.update(folder / "lists")

    def update(self, lists):
        """Lists of an earlier run serve as well when the mirror does not answer: most often their packages are kept too."""
        done = subprocess.run(["apt-get", *self.options, *PATIENT, "update", "-qq"], capture_output=True, text=True)
        if done.returncode == 0:
            return
        if not any(lists.glob("*_Packages*")):
            fail(f"the package lists cannot be had: {done.stderr.strip()}")
        print(f"capture: the package lists are those of an earlier run: {done.stderr.strip()}", file=sys.stderr)

    @staticmethod
    def mirror():
        """The Debian mirror this machine already uses."""
        pages = run(["apt-get", "indextargets", "--format", "$(SITE) $(REPO_URI)", "Created-By: Packages"]).split()
        for page in pages:
            if page.rstrip("/").endswith("/debian"):
                return page.rstrip("/")
        fail("the apt configuration names no Debian mirror; configure one and run apt-get update")

    def newest(self, pattern, prefix="linux-image-"):
        """The newest package whose whole name matches, with its version, or None."""
        names = [name for name in run(["apt-cache", *self.options, "pkgnames", prefix]).split()
                 if re.fullmatch(pattern, name)]
        if not names:
            return None
        # All at once: each call reads all lists. It fails for names without a package and shows the others.
        shown = subprocess.run(["apt-cache", *self.options, "show", "--no-all-versions", *names],
                               capture_output=True, text=True).stdout
        found = []
        for package in shown.split("\n\n"):
            name = re.search(r"^Package: (\S+)", package, re.M)
            version = re.search(r"^Version: (\S+)", package, re.M)
            if name and version and re.search(r"^Filename: ", package, re.M):
                found.append((name.group(1), version.group(1)))
        best = None
        for name, version in found:
            if best is None or subprocess.run(["dpkg", "--compare-versions", version, "gt", best[1]]).returncode == 0:
                best = (name, version)
        return best

    def parts(self, name):
        """The package itself, and those that bring its kernel and modules where they are split off (6.19); of older kernels
        a suite may have dropped some."""
        shown = run(["apt-cache", *self.options, "show", "--no-all-versions", name])
        depends = re.search(r"^Depends: (.*)$", shown, re.M)
        parts = re.findall(r"linux-(?:binary|modules)-\S+", depends.group(1) if depends else "")
        return [name, *(part for part in parts if self.newest(re.escape(part), part))]

    def download(self, name, folder, version=None):
        folder.mkdir(parents=True, exist_ok=True)
        wanted = f"{name}={version}" if version else name
        run(["apt-get", *self.options, *PATIENT, "-o", "APT::Sandbox::User=root", "download", wanted], cwd=folder)
        return next(folder.glob(f"{name}_*.deb"))


def find_kernel(series, flavour, arch, cache):
    """(Apt, package, version) of the newest kernel of the series."""
    entry = SERIES.get(series) or {"pattern": rf"linux-image-{re.escape(series)}\.\d+\+deb1[23]", "suite": "trixie-backports"}
    pattern = f"{entry['pattern']}-{re.escape(FLAVOURS[flavour].format(arch=arch))}"
    apt, found = Apt(), None
    if arch == own_architecture():
        found = apt.newest(pattern)
    if not found:
        apt = Apt(entry["suite"], cache, arch)
        found = apt.newest(pattern)
    if not found:
        raise NoPackage(f"no package matches {pattern}, neither in the configured suites nor in {entry['suite']}")
    return apt, *found


def unpacked_kernel(apt, name, version, cache):
    """Folder of the unpacked package; kept."""
    folder = cache / "kernels" / f"{name}_{version.replace('/', '_')}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=cache) as work:
            for part in apt.parts(name):
                run(["dpkg", "-x", apt.download(part, pathlib.Path(work)), pathlib.Path(work) / "root"])
            folder.parent.mkdir(exist_ok=True)
            (pathlib.Path(work) / "root").rename(folder)
    return folder


def module_file(kernel, name):
    """The file of a module, or None where the kernel has it built in."""
    return next((path for path in kernel.rglob("*.ko*") if path.name.split(".")[0].replace("-", "_") == name), None)


def unpacked_module(packed, work):
    module = work / f"{packed.name.split('.')[0]}.ko"
    if packed.suffix == ".xz":
        module.write_bytes(subprocess.run(["xz", "-dc", packed], capture_output=True, check=True).stdout)
    else:
        shutil.copy(packed, module)
    return module


def with_dependencies(kernel, name, work, modules):
    """Adds the module and what it depends on, that first."""
    if name in modules or not (packed := module_file(kernel, name)):
        return
    module = unpacked_module(packed, work)
    depends = re.search(rb"\0depends=([^\0]*)\0", module.read_bytes())
    for dependency in filter(None, (depends.group(1) if depends else b"").decode().split(",")):
        with_dependencies(kernel, dependency.replace("-", "_"), work, modules)
    modules[name] = module


def boot_modules(kernel, work, vmcoreinfo):
    """What the loader finds in the initramfs, named in the order of loading: the disk of the statement, and what hands
    VMCOREINFO to QEMU."""
    modules = {}
    with_dependencies(kernel, "nvme", work, modules)
    if vmcoreinfo:
        with_dependencies(kernel, "qemu_fw_cfg", work, modules)
        if "qemu_fw_cfg" not in modules:
            fail(f"{kernel} has no qemu_fw_cfg module")
    return {f"{number:02}-{name}.ko": path for number, (name, path) in enumerate(modules.items())}
