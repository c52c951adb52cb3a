"""CPython's own tests of `sqlite3`, from the running interpreter, with this package in its place."""

import json
import pathlib
import subprocess
import sys

import pytest

import cpython_suite

HERE = pathlib.Path(__file__).parent


def expected_failures():
    lines = (HERE / "cpython_expected_failures.txt").read_text(encoding="utf-8").splitlines()
    entries = [line.split("|", 1) for line in lines if line and not line.startswith("#")]
    return {name.strip(): reason.strip() for name, reason in entries}


@pytest.mark.parametrize("module", cpython_suite.modules())
def test_module(module, tmp_path):
    script = HERE / "cpython_suite.py"
    done = subprocess.run(
        [sys.executable, str(script), module], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout.splitlines()[-1])
    assert outcomes, "the suite's file has no tests"
    expected = expected_failures()
    wrong = {
        name: outcome
        for name, outcome in outcomes.items()
        if outcome not in ("ok", "skipped") and name not in expected
    }
    assert not wrong, "\n".join(f"{name}\n{outcome}" for name, outcome in wrong.items())
    passing = [name for name, outcome in outcomes.items() if outcome == "ok" and name in expected]
    assert not passing, "these pass and must leave cpython_expected_failures.txt"
