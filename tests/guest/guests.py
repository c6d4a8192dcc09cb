# SPDX-License-Identifier: Apache-2.0
"""What boots guests for tests that look at them while they run: tests/guest/capture, as a module."""

import argparse
import importlib.machinery
import importlib.util
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
_loader = importlib.machinery.SourceFileLoader("capture", str(HERE / "capture"))
capture = importlib.util.module_from_spec(importlib.util.spec_from_loader("capture", _loader))
_loader.exec_module(capture)


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(os.environ.get("MAPSCOPE_CACHE") or pathlib.Path(home) / "mapscope") / "guest"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def arguments(series, memory):
    """As capture's command line gives them."""
    return argparse.Namespace(kernel=series, arch="amd64", flavour="cloud", cpus="2", memory=memory, machine="pc", append=[],
                              without=[], no_vmcoreinfo=False, many=False, crash=False, kdump=False, schedule=None)
