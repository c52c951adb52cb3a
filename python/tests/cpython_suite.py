"""Runs CPython's own tests of `sqlite3` against this package, in a process of its own.

    python cpython_suite.py MODULE

The tests are those of the installed interpreter. MODULE is one of its files without `test_` and `.py`; the outcome of every test is
printed as a JSON object from test id to "ok", "skipped", or the traceback of its failure. Ids are `module.Class.test`.
"""

import importlib
import json
import os
import sys
import sysconfig
import types
import unittest

import heliosdb_sqlite
import heliosdb_sqlite.dbapi2
import heliosdb_sqlite.dump


def location():
    """(folder, package, prefix of file names) of the suite; it moved and was renamed in 3.11."""
    folder = sysconfig.get_path("stdlib")
    if sys.version_info >= (3, 11):
        return os.path.join(folder, "test", "test_sqlite3"), "test.test_sqlite3", "test_"
    return os.path.join(folder, "sqlite3", "test"), "sqlite3.test", ""


def modules():
    """The names of the suite's files; empty where the interpreter came without its tests."""
    folder, _, prefix = location()
    if not os.path.isdir(folder):
        return []
    names = [name[len(prefix) : -len(".py")] for name in os.listdir(folder) if name.startswith(prefix) and name.endswith(".py")]
    return sorted(name for name in names if not name.startswith("__") and name != "util")


def substitute():
    """Puts this package in the place of `sqlite3`."""
    heliosdb_sqlite.install()
    folder, package, _ = location()
    if package == "sqlite3.test":
        # The suite is a subpackage of the module that was replaced.
        suite = types.ModuleType(package)
        suite.__path__ = [folder]
        sys.modules[package] = suite


class Outcomes(unittest.TestResult):
    """Collects what happened to each test."""

    def __init__(self):
        super().__init__()
        self.by_id = {}

    def record(self, test, outcome):
        # A subtest's id has its parameters appended.
        name = test.id().split(" ")[0]
        _, package, prefix = location()
        self.by_id.setdefault(name[len(package) + 1 + len(prefix) :], outcome)

    def addSuccess(self, test):
        self.record(test, "ok")

    def addSkip(self, test, reason):
        self.record(test, "skipped")

    def addFailure(self, test, error):
        self.record(test, self._exc_info_to_string(error, test))

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.record(test, self._exc_info_to_string(error, test))

    def addExpectedFailure(self, test, error):
        self.record(test, "ok")

    def addUnexpectedSuccess(self, test):
        self.record(test, "unexpected success")


def run(module):
    """The outcomes of one file of the suite."""
    substitute()
    _, package, prefix = location()
    loaded = importlib.import_module(f"{package}.{prefix}{module}")
    # Until 3.9 the methods are not all named `test…`, and the file says which they are.
    if sys.version_info < (3, 10):
        suite = loaded.suite()
    else:
        suite = unittest.defaultTestLoader.loadTestsFromModule(loaded)
    outcomes = Outcomes()
    suite.run(outcomes)
    return outcomes.by_id


if __name__ == "__main__":
    print("\n" + json.dumps(run(sys.argv[1])))
