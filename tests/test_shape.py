"""The architecture, as a test: who may import whom, and how big a thing may grow."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent / "src" / "sijo"
BASE = {"wire", "errors", "ids", "config", "__init__"}
MAY_IMPORT = {
    "__init__": set(),
    "errors": set(),
    "ids": set(),
    "config": set(),
    "log": {"config", "errors", "ids"},
    "wire": {"errors", "ids"},
    "engine": {"wire", "errors", "ids"},
    "backends": {"engine", "wire", "errors", "ids"},
    "tools": {"engine", "wire", "errors", "ids"},
    "store": {"engine", "wire", "errors", "ids"},
    "http": {"engine", "wire", "errors", "ids", "log", "store", "__init__"},
    "app": {"engine", "wire", "errors", "ids", "log", "config", "backends", "tools", "store", "http", "__init__"},
    "cli": {"app", "backends", "config", "engine", "errors", "ids", "log", "store", "__init__"},
    "__main__": {"cli"},
    "toolbox": set(),
}
LINES, FUNCTION = 400, 60


def trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text())) for path in sorted(ROOT.rglob("*.py"))]


def targets(node: ast.AST) -> list[str]:
    """The top-level parts of `sijo` that an import names."""
    if isinstance(node, ast.ImportFrom) and node.module == "sijo":
        names = [alias.name for alias in node.names]
        return [name if (ROOT / name).exists() or (ROOT / f"{name}.py").exists() else "__init__" for name in names]
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sijo."):
        return [str(node.module).split(".")[1]]
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[1] for alias in node.names if alias.name.startswith("sijo.")]
    return []


def test_imports_go_one_way() -> None:
    wrong = []
    for path, tree in trees():
        home = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for node in ast.walk(tree):
            for target in targets(node):
                if target not in MAY_IMPORT[home] | {home}:
                    wrong.append(f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)} imports {target}")
    assert wrong == []


def test_nothing_grows_too_big() -> None:
    big = []
    for path, tree in trees():
        lines = path.read_text().count("\n")
        if lines > LINES:
            big.append(f"{path.relative_to(ROOT)} has {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > FUNCTION:
                    big.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {length} lines")
    assert big == []


def test_every_module_says_what_it_is() -> None:
    assert [str(path) for path, tree in trees() if path.read_text() and not ast.get_docstring(tree)] == []


def test_nothing_is_caught_blindly() -> None:
    blind = {"Exception", "BaseException"}
    wrong = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                caught = {node.type.id} if isinstance(node.type, ast.Name) else set()
                if node.type is None or caught & blind:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_the_server_never_imports_the_sdk() -> None:
    names = [
        str(path)
        for path, tree in trees()
        if ROOT / "toolbox" not in path.parents  # it is for clients, and nothing of the server may import it
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "anthropic")
        or (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "anthropic" for alias in node.names))
    ]
    assert names == []
