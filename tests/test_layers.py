import os
import subprocess
import sys
import tomllib
from pathlib import Path

import assent

PACKAGE = Path(assent.__file__).parent
REPOSITORY = Path(__file__).parents[1]


def contracts():
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["tool"]["importlinter"]


LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename=sys.argv[1], no_cache=True))
"""


def lint(config, *, package_folder):
    environment = {**os.environ, "PYTHONPATH": str(package_folder)}
    done = subprocess.run(
        [sys.executable, "-c", LINT, str(config)],
        cwd=config.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def write_package(root, modules):
    """A package of the same name and layers as ours, with the given imports."""
    layers = ("core", "models", "methods", "io", "render", "datasets", "sessions", "storage")
    files = {
        f"{layer}/__init__.py": ""
        for layer in (*layers, "bench", "services", "interfaces", "interfaces/cli", "client")
    }
    files |= {"__init__.py": "", "methods/protocol.py": "", "methods/registry.py": ""}
    files |= {"methods/posterior/__init__.py": "", "methods/posterior/config.py": "", **modules}
    for name, text in files.items():
        path = root / "assent" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    config = root / "pyproject.toml"
    config.write_text((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    return config


def test_our_imports_keep_every_contract():
    status, told = lint(REPOSITORY / "pyproject.toml", package_folder=PACKAGE.parent)
    assert status == 0, told
    assert f"{len(contracts()['contracts'])} kept" in told


def test_a_sound_package_passes_and_each_broken_rule_is_seen(tmp_path):
    sound = {"services/a.py": "import assent.core", "models/b.py": "import torch"}
    assert lint(write_package(tmp_path / "sound", sound), package_folder=tmp_path / "sound")[0] == 0
    broken = {
        "Layers": {"core/a.py": "import assent.services"},
        "Torch stays in models and methods": {"services/a.py": "import torch"},
        "Doors reach networks and files only through services": {
            "interfaces/a.py": "import assent.io"
        },
        "Storage rests on core alone": {"storage/a.py": "import assent.io"},
        "Only storage speaks SQL and keeps blobs": {"services/a.py": "import sqlalchemy"},
        "A client rests on core alone": {"client/a.py": "import assent.services"},
        "Only the server's door speaks FastAPI": {"interfaces/cli/a.py": "import fastapi"},
    }
    assert set(broken) == {contract["name"] for contract in contracts()["contracts"]}
    for number, (name, modules) in enumerate(broken.items()):
        root = tmp_path / f"broken{number}"
        status, told = lint(write_package(root, modules), package_folder=root)
        assert status == 1, told
        assert f"{name} BROKEN" in told
