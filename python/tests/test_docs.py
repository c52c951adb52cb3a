"""Runs the examples in the docstrings of the package, Python and compiled."""

import doctest
import importlib
import inspect

import pytest

import heliosdb_sqlite

PYTHON = ["heliosdb_sqlite", "heliosdb_sqlite.dbapi2", "heliosdb_sqlite.dump", "heliosdb_sqlite.stock"]
KINDS = ("Connection", "Cursor", "Row", "Blob", "PrepareProtocol")
FUNCTIONS = ("connect", "complete_statement", "register_adapter", "register_converter", "adapt", "enable_callback_tracebacks")


def run(test):
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    report = []
    runner.run(test, out=report.append)
    assert runner.failures == 0, "".join(report)


@pytest.mark.parametrize("name", PYTHON)
def test_python_modules(name):
    module = importlib.import_module(name)
    for test in doctest.DocTestFinder(recurse=True).find(module):
        run(test)


def compiled():
    for name in FUNCTIONS:
        yield name, getattr(heliosdb_sqlite, name)
    for kind in KINDS:
        class_ = getattr(heliosdb_sqlite, kind)
        yield kind, class_
        for name, member in vars(class_).items():
            if inspect.isroutine(member) and not name.startswith("_"):
                yield f"{kind}.{name}", member


@pytest.mark.parametrize("name, documented", [pytest.param(*entry, id=entry[0]) for entry in compiled()])
def test_compiled(name, documented):
    text = inspect.getdoc(documented)
    assert text, f"{name} has no docstring"
    run(doctest.DocTestParser().get_doctest(text, {}, name, None, None))
