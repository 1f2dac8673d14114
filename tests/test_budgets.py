import ast
from pathlib import Path

import assent

ROOT = Path(assent.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
TESTS = sorted(Path(__file__).parent.rglob("*.py"))
FUNCTION_LINES, FILE_LINES = 60, 500
SAY = ROOT / "interfaces" / "cli" / "say.py"


def name_of(path):
    return path.relative_to(ROOT if path.is_relative_to(ROOT) else Path(__file__).parent).as_posix()


def functions_of(tree):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def body_lines(function):
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def has_logic(tree):
    """Whether a module holds more than a docstring, imports and ``__all__``."""
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_names = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        if not (is_docstring or is_names or isinstance(node, (ast.Import, ast.ImportFrom))):
            return True
    return False


def prints(tree):
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "pprint"}
    ]


def test_no_function_body_is_longer_than_its_budget():
    long = {
        f"{name_of(path)}:{function.name}": body_lines(function)
        for path in FILES
        for function in functions_of(ast.parse(path.read_text(encoding="utf-8")))
        if body_lines(function) > FUNCTION_LINES
    }
    assert long == {}


def test_no_file_is_longer_than_its_budget():
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in [*FILES, *TESTS]}
    assert {name_of(p): n for p, n in lengths.items() if n > FILE_LINES} == {}


def test_package_files_hold_no_logic():
    inits = [path for path in FILES if path.name == "__init__.py"]
    assert inits
    assert [name_of(p) for p in inits if has_logic(ast.parse(p.read_text(encoding="utf-8")))] == []


def test_only_say_prints():
    found = [p for p in FILES if prints(ast.parse(p.read_text(encoding="utf-8")))]
    assert found == [SAY]


def test_no_file_is_named_after_nothing():
    vague = {"utils", "helpers", "common", "misc", "manager", "handler"}
    assert [name_of(p) for p in FILES if p.stem in vague or p.parent.name in vague] == []


def test_a_broken_budget_is_seen():
    long = "def f():\n    '''Doc.'''\n" + "    a = 1\n" * (FUNCTION_LINES + 1)
    assert body_lines(functions_of(ast.parse(long))[0]) == FUNCTION_LINES + 1
    assert has_logic(ast.parse("'''Doc.'''\nimport os\nx = 1"))
    assert not has_logic(ast.parse("'''Doc.'''\nimport os\n__all__ = ['os']"))
    assert prints(ast.parse("x = 1\nprint(x)")) == [2]
