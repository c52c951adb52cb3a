"""Runs small programs under this package and under the interpreter's `sqlite3`, and writes down all that can be seen.

A program file holds blocks separated by lines `# ---`. Each statement of a block is executed on its own; an expression's
value, an exception's class and message, and warnings are written down. A failed statement does not end its block.
"""

import ast
import pathlib
import re
import warnings

PROGRAMS = pathlib.Path(__file__).parent / "programs"


def blocks():
    """(name, source) of all blocks."""
    for path in sorted(PROGRAMS.glob("*.py")):
        for number, source in enumerate(path.read_text(encoding="utf-8").split("\n# ---\n")):
            yield f"{path.stem}-{number}", source


def normalised(text):
    """Without what may differ: the module's name and addresses."""
    text = text.replace("heliosdb_sqlite", "sqlite3").replace("_heliosdb", "sqlite3")
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def observe(source, module, database=":memory:"):
    """What the statements of a block yield under a module, on a database: a list of texts."""
    seen = []
    namespace = {"sqlite3": module, "con": module.connect(database), "path": database, "__name__": "program"}
    for statement in ast.parse(source).body:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                if isinstance(statement, ast.Expr):
                    value = eval(compile(ast.Expression(statement.value), "program", "eval"), namespace)
                    outcome = shown(value)
                else:
                    exec(compile(ast.Module([statement], []), "program", "exec"), namespace)
                    outcome = "done"
            except Exception as error:
                outcome = f"{type(error).__name__}: {error}"
        told = [f"{warning.category.__name__}: {warning.message}" for warning in caught]
        # When a connection is dropped is not compared; 3.12.0 and 3.12.1 also warned about ?1, by mistake.
        told = [text for text in told if not text.startswith("ResourceWarning") and "('?" not in text]
        seen.append(normalised(f"{ast.unparse(statement)}\n    {outcome} {told or ''}"))
    namespace["con"].close()
    return seen


def shown(value):
    """A value with its types, as far as they matter."""
    if isinstance(value, (list, tuple)):
        inside = ", ".join(shown(item) for item in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return repr(value)
