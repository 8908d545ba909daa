"""The wheel holds everything, and works where there is nothing else: built, installed to a folder apart, started elsewhere."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.servers import running_demo

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lti_tool"
HTMX = "lti_tool/web/static/vendor/htmx.min.js"
MARK = b"\n// This is the wheel's own file.\n"


def run(*words: str, folder: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout without a network."""
    target = tmp_path_factory.mktemp("wheel")
    words = ["-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    run(*words, "--wheel-dir", str(target), str(ROOT), folder=target)
    [found] = target.glob("lti_tool-*.whl")
    return found


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel is installed, apart from the checkout. What it depends on comes from this environment."""
    target = tmp_path_factory.mktemp("installed")
    words = ["-m", "pip", "--disable-pip-version-check", "install", "--no-deps", "--no-index"]
    run(*words, "--target", str(target), str(wheel), folder=target)
    return target


@pytest.fixture
def environment(installed: Path) -> dict[str, str]:
    """The variables with which ``python -m lti_tool`` is the installed one: before the checkout, and not from the folder."""
    usual = {name: value for name, value in os.environ.items() if not name.startswith("LTI_TOOL_")}
    return usual | {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}


# --- What is in it ----------------------------------------------------------------------------------------------------


def test_every_browser_library_is_packed(names: set[str]) -> None:
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    wanted = [*package["vendor"], *(f"icons/{name}.svg" for name in package["icons"])]
    assert {f"lti_tool/web/static/vendor/{name}" for name in wanted} <= names
    assert HTMX in names


def test_everything_the_rooms_read_is_packed(names: set[str]) -> None:
    """Code, templates, styles, scripts, the sandbox's course: every file of the package, but what Python leaves behind."""
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert wanted - names == set()
    for ending in (".html", ".css", ".js", ".woff2", ".mo", ".md", ".yaml"):
        assert any(name.endswith(ending) for name in names), ending


def test_every_language_is_compiled(names: set[str]) -> None:
    sources = [path.relative_to(ROOT) for path in PACKAGE.rglob("*.po")]
    assert sources
    assert {source.with_suffix(".mo").as_posix() for source in sources} <= names


def test_every_migration_is_packed(names: set[str]) -> None:
    folder = ROOT / "migrations"
    wanted = {f"lti_tool/db/migrations/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*.py")}
    assert any("/versions/" in name for name in wanted)
    assert wanted <= names


def test_nothing_else_is_packed(names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"lti_tool"}
    strange = {
        name for name in names if re.search(r"(^|/)(tests?|benchmarks|node_modules|__pycache__|var|keys)/", name)
    }
    assert strange == set()
    assert {name for name in names if name.endswith((".db", ".pem", ".env", ".log", ".pyc"))} == set()


# --- Whether it works -------------------------------------------------------------------------------------------------


def test_the_installed_command_knows_its_migrations(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["LTI_TOOL_DATABASE_URL"] = f"sqlite:///{tmp_path}/tool.db"
    where = run("-c", "import lti_tool; print(lti_tool.__file__)", folder=tmp_path, environment=environment)
    assert Path(where.stdout.strip()).parent == installed / "lti_tool"
    find = "from lti_tool.db.migrate import migrations_folder; print(migrations_folder())"
    where = run("-c", find, folder=tmp_path, environment=environment)
    assert Path(where.stdout.strip()) == installed / "lti_tool" / "db" / "migrations"
    assert "applied: " in run("-m", "lti_tool", "db", "upgrade", folder=tmp_path, environment=environment).stdout
    assert "up to date" in run("-m", "lti_tool", "db", "check", folder=tmp_path, environment=environment).stdout


def test_the_installed_demo_starts_and_serves_the_wheels_own_files(
    installed: Path, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = installed / HTMX
    library.write_bytes(library.read_bytes() + MARK)
    for name in ("PYTHONPATH", "PYTHONSAFEPATH"):
        monkeypatch.setenv(name, environment[name])
    with running_demo(tmp_path, by_hand=True) as demo:
        page = httpx.get(f"{demo.tool}/no-such-page", headers={"Accept": "text/html", "Accept-Language": "es"})
        assert page.status_code == 404
        assert 'lang="es"' in page.text, "the compiled catalogue is not found"
        found = re.search(r'src="([^"]*htmx[^"]*)"', page.text)
        assert found is not None
        served = httpx.get(demo.tool + found[1]).raise_for_status()
        assert served.content.endswith(MARK)
        sandbox = httpx.get(f"{demo.lms}/login").raise_for_status()
        assert "Rivera" in sandbox.text
        assert demo.stop() in (0, 130)
