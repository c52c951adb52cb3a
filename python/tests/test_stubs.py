"""The type stubs: mypy takes the example, stubtest finds what they say of the module to be so."""

import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("mypy")
HERE = pathlib.Path(__file__).parent


def test_mypy_takes_the_example(tmp_path):
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(HERE / "typing_example.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stubs_describe_the_module(tmp_path):
    allowed = str(HERE / "stubtest_allowed.txt")
    command = [sys.executable, "-m", "mypy.stubtest", "heliosdb_sqlite", "--allowlist", allowed, "--ignore-unused-allowlist"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
