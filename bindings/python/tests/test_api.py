"""The face of the package: bindings/api/python.txt is what it is meant to be, and every part of it is documented."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Iterator

import waxwing

SNAPSHOT = Path(__file__).parents[2] / "api" / "python.txt"


def test_the_face_is_the_one_that_was_agreed_on() -> None:
    bases = sorted({base for name in waxwing.__all__ for base in _hidden_bases(name)})
    now = "\n\n".join("\n".join(_shown(name)) for name in [*waxwing.__all__, *bases]) + "\n"
    if os.environ.get("WAXWING_BLESS") == "true":
        SNAPSHOT.write_text(now)
    assert now == SNAPSHOT.read_text(), "`cargo xtask bindings python --bless` takes it"


def test_all_of_the_face_is_documented() -> None:
    bases = {base for name in waxwing.__all__ for base in _hidden_bases(name)}
    silent = [where for name in {*waxwing.__all__, *bases} for where in _undocumented(name)]
    assert silent == []


def test_all_names_the_whole_face_in_order() -> None:
    assert waxwing.__all__ == sorted(name for name in waxwing.__all__ if hasattr(waxwing, name))
    public = {name for name in vars(waxwing) if not name.startswith("_")}
    assert public - set(waxwing.__all__) == {"annotations"}


def _sources() -> dict[str, tuple[ast.stmt, str | None]]:
    """What the package defines, by name, with the words that follow it."""
    found = {}
    for path in sorted(Path(waxwing.__file__).parent.glob("*.py")):
        if path.name != "_ffi.py":
            found.update({name: (node, words) for name, node, words in _named(ast.parse(path.read_text()).body)})
    return found


def _named(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt, str | None]]:
    for node, after in zip(body, [*body[1:], None]):
        words = None
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            words = str(after.value.value)
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node, ast.get_docstring(node)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node, words
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node, words


SOURCES = _sources()


def _hidden_bases(name: str) -> Iterator[str]:
    """Classes of the package that a class of the face takes its members from."""
    node, _ = SOURCES[name]
    for base in node.bases if isinstance(node, ast.ClassDef) else []:
        names = [part.id for part in ast.walk(base) if isinstance(part, ast.Name)]
        yield from (part for part in names if part.startswith("_") and part in SOURCES)


def _members(node: ast.ClassDef) -> Iterator[tuple[str, ast.stmt, str | None]]:
    for name, member, words in _named(node.body):
        made_by_the_package = name == "__init__" and ("raw:" in ast.unparse(member) or node.name == "Opening")
        if name in ("__slots__", "__repr__") or made_by_the_package:
            continue
        if not name.startswith("_") or name.startswith("__"):
            yield name, member, words


def _shown(name: str) -> list[str]:
    node, _ = SOURCES[name]
    if not isinstance(node, ast.ClassDef):
        return _line(node)
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    lines = [f"@{ast.unparse(decorator)}" for decorator in node.decorator_list]
    lines.append(f"class {name}({bases}):" if bases else f"class {name}:")
    members = [f"    {line}" for _, member, _ in _members(node) for line in _line(member)]
    return lines + (members or ["    ..."])


def _line(node: ast.stmt) -> list[str]:
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [ast.unparse(node).replace(" = field(repr=False)", "")]
    head = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    gives = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    decorators = [f"@{ast.unparse(decorator)}" for decorator in node.decorator_list]
    return [*decorators, f"{head} {node.name}({ast.unparse(node.args)}){gives}"]


def _undocumented(name: str) -> Iterator[str]:
    node, words = SOURCES[name]
    if not words:
        yield name
    if isinstance(node, ast.ClassDef):
        for member, _, words in _members(node):
            if not words and not member.startswith("__"):
                yield f"{name}.{member}"
