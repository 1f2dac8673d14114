"""What the pages say is true: blocks run, links lead somewhere, and nothing is left out."""

import re
import shlex
import shutil
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image as Pillow
from pydicom.data import get_testdata_file

from assent.core.errors import AssentError
from assent.datasets.synthetic import KINDS, open_synthetic
from assent.interfaces.cli import train
from assent.interfaces.cli.main import COMMANDS, command_app, find, run
from assent.methods import registry

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *sorted(page for page in DOCS.rglob("*.md") if "decisions" not in page.parts),
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADED = ("segment", "propagate", "bench", "demo")
"""Commands that use the default method unless told otherwise."""


def named(page):
    return str(page.relative_to(ROOT))


def blocks_of(page, *languages):
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [(language, body) for language, body in found if language in languages]


@pytest.fixture(scope="module")
def readers_files(tmp_path_factory):
    """The files that a reader of the pages has."""
    root = tmp_path_factory.mktemp("reader")
    for number, case in enumerate(open_synthetic("raters2d", images=6, label="wide").cases()):
        picture = Pillow.fromarray(case.read_image().voxels[0, 0].astype(np.uint8))
        mask = Pillow.fromarray(255 * case.references[0].read()[0].astype(np.uint8))
        for folder in ("my-study", "finished" if number < 4 else "new"):
            is_new = folder == "new"
            place = root / folder if is_new else root / folder / "images"
            place.mkdir(parents=True, exist_ok=True)
            picture.save(place / f"{case.id}.png")
            if not is_new:
                (root / folder / "masks").mkdir(exist_ok=True)
                mask.save(root / folder / "masks" / f"{case.id}.png")
    shutil.copy(root / "my-study" / "images" / "000.png", root / "photo.png")
    shutil.copy(get_testdata_file("CT_small.dcm", download=False), root / "scan.dcm")
    return root


def default_method_is_ready():
    try:
        registry.build("posterior")
    except AssentError:
        return False
    return True


@pytest.mark.parametrize("page", [p for p in PAGES if blocks_of(p, "python", "console")], ids=named)
def test_every_block_runs_and_prints_what_the_page_says(
    page, readers_files, tmp_path, monkeypatch, capsys
):
    home = tmp_path / "home"
    written_here = "finished" in page.read_text() and page.parent.name == "tutorials"
    shutil.copytree(readers_files, home) if not written_here else home.mkdir()
    monkeypatch.chdir(home)
    names = {"__name__": "page"}
    for language, body in blocks_of(page, "python", "console"):
        if language == "python":
            exec(compile(body, named(page), "exec"), names)
        else:
            run_console(body, capsys)


def run_console(body, capsys):
    """Run each ``$ assent`` line, and look for the lines below it in what it prints."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        line, *expected = part.splitlines()
        program, *argv = shlex.split(line)
        assert program == "assent", f"only assent can be shown in a console block: {line}"
        uses_default = argv[0] in HEADED and "--method" not in argv
        if uses_default and not default_method_is_ready():
            pytest.skip(f"the default method has no shipped weights, needed by: {line}")
        capsys.readouterr()
        code = run(argv)
        printed, errors = capsys.readouterr()
        assert code == 0, f"{line}\n{printed}\n{errors}"
        assert_prints(printed, expected, line)


def lines_of_shell(page):
    """What a reader would type, continued lines as one, without what stands before assent."""
    text = "\n".join(body for _, body in blocks_of(page, "sh", "bash")).replace("\\\n", " ")
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        programs = [at for at, word in enumerate(words) if "=" not in word][:1]
        at = words.index("assent") if "assent" in words else -1
        if at >= 0 and (at in programs or words[at - 1] == "-m"):
            yield line, words[at + 1 :]


SHELL = [(line, argv) for page in PAGES for line, argv in lines_of_shell(page)]


def parse(argv):
    """Read a command line as the program does, up to what it would run."""
    name, rest = find(argv)
    assert name, f"there is no command in {argv}"
    command = typer.main.get_command(command_app(name, "assent"))
    return name, command.make_context(name, list(rest))


@pytest.mark.parametrize(("line", "argv"), SHELL, ids=[line for line, _ in SHELL])
def test_every_shell_line_would_be_understood(line, argv, tmp_path, monkeypatch):
    name, context = parse(argv)
    if name != "train":
        return
    # How long to train is asked of the request, not of the options.
    monkeypatch.chdir(tmp_path)
    if resumed := context.params["resume"]:
        resumed.touch()
    asked = []
    monkeypatch.setattr(train, "run", lambda request, report: asked.append(request))
    monkeypatch.setattr(train, "is_first_process", lambda: False)
    assert run(argv) == 0, line
    assert len(asked) == 1


def test_shell_lines_are_found_behind_other_programs():
    assert any(line.startswith("OMP_NUM_THREADS=1 torchrun") for line, _ in SHELL)
    assert {find(argv)[0] for _, argv in SHELL} >= {"train", "bench", "bench suite"}


@pytest.mark.parametrize(
    "argv",
    [
        ["bench", "--data", "d"],
        ["bench", "--data", "d", "--out", "o", "--colour", "red"],
        ["segment"],
        ["train", "posterior", "--data", "d", "--out", "o", "--set", "no-such.table=1"],
    ],
)
def test_a_shell_line_that_would_not_run_is_seen(argv):
    with pytest.raises(Exception, match=r"(?i)missing|no such option|no table of settings"):
        parse(argv)


def test_settings_files_of_the_reference_are_read(tmp_path):
    blocks = blocks_of(DOCS / "reference" / "cli.md", "toml")
    assert blocks
    for _, body in blocks:
        (tmp_path / "assent.toml").write_text(body)
        for table, values in tomllib.loads(body).items():
            if table in registry.names():
                registry.build(table, settings=values)
                continue
            argv = [table, "--data", "d", "--out", "o", "--config", str(tmp_path / "assent.toml")]
            _, context = parse(argv)
            assert {key: context.params[key.replace("-", "_")] for key in values} == values


def assert_prints(printed, expected, line):
    """Expected lines come in this order; "…" stands for anything."""
    rest = " ".join(printed.split())
    for wanted in filter(None, (words.strip() for words in "\n".join(expected).split("…"))):
        words = " ".join(wanted.split())
        assert words in rest, f"{line}\nshould print {words!r} in\n{printed}"
        rest = rest.split(words, 1)[1]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_and_pictures_lead_to_files(page):
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{named(page)} links to {target}"


def sections_of(page):
    parts = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {part.splitlines()[0].strip(): part for part in parts[1:]}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_every_command_is_in_the_reference(command):
    section = sections_of(DOCS / "reference" / "cli.md").get(f"assent {command}", "")
    assert section, f"docs/reference/cli.md has no section '## assent {command}'"
    common = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8").split("\n## ")[0]
    built = typer.main.get_command(command_app(command, f"assent {command}"))
    for parameter in built.params:
        if parameter.param_type_name == "argument":
            shown = (parameter.metavar or parameter.name).upper()
            assert f"`{shown}`" in section, f"assent {command}: {shown} is not described"
            continue
        option = max(parameter.opts, key=len)
        pattern = rf"`{re.escape(option)}[ `]"
        assert re.search(pattern, section) or re.search(pattern, common), (
            f"assent {command}: {option} is not described"
        )


def test_the_reference_names_no_command_or_option_that_is_not_there():
    sections = sections_of(DOCS / "reference" / "cli.md")
    assert set(sections) == {f"assent {command}" for command in COMMANDS}
    for title, section in sections.items():
        command = title.removeprefix("assent ")
        built = typer.main.get_command(command_app(command, title))
        known = {option for parameter in built.params for option in parameter.opts}
        described = re.findall(r"^\| `(--[a-z-]+)", section, flags=re.MULTILINE)
        assert set(described) <= known, title


def test_every_method_is_in_the_reference():
    page = (DOCS / "reference" / "methods.md").read_text(encoding="utf-8")
    assert {name for name in registry.names() if f"| `{name}` |" not in page} == set()


def test_every_kind_of_dataset_and_phantom_is_in_the_reference():
    page = (DOCS / "reference" / "data-folders.md").read_text(encoding="utf-8")
    kinds = {point.name for point in entry_points(group="assent.datasets")}
    assert {name for name in kinds | set(KINDS) if f"`{name}`" not in page} == set()


def test_make_targets_of_the_readme_exist():
    makefile = ROOT / "Makefile"
    if not makefile.is_file():
        pytest.skip("no Makefile in this tree")
    shell = " ".join(body for _, body in blocks_of(ROOT / "README.md", "sh"))
    targets = set(re.findall(r"make (\w+)", shell))
    assert targets == {"run", "test"}
    for target in targets:
        assert re.search(rf"^{target}\b.*:", makefile.read_text(), flags=re.MULTILINE)
