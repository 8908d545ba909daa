"""What stands in ``deploy/`` fits the tool and itself: commands, settings, ports, addresses, folders, and time to end in."""

import re
import shlex
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import click
import pytest
import typer.main
import yaml

from lti_tool.cli import cli
from lti_tool.jobs.runner import STOPPING_SECONDS
from lti_tool.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
TEXTS = sorted(file for file in DEPLOY.rglob("*") if file.is_file())
GRACE = 10
"""Seconds that ``serve`` gives what is under way (``timeout_graceful_shutdown``)."""

PORT = "8000"


def unit(name: str) -> RawConfigParser:
    # Keys can come twice, and their letters matter.
    found = RawConfigParser(strict=False)
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read(DEPLOY / "systemd" / name)
    return found


UNITS = {file.name: unit(file.name) for file in (DEPLOY / "systemd").glob("*.service")}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text("utf-8"))
    return found


def kubernetes() -> dict[tuple[str, str], dict[str, Any]]:
    found = yaml.safe_load_all((DEPLOY / "kubernetes" / "lti-tool.yaml").read_text("utf-8"))
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def container(kind: str, name: str) -> dict[str, Any]:
    [found] = kubernetes()[kind, name]["spec"]["template"]["spec"]["containers"]
    return dict(found)


def image_command() -> list[str]:
    [found] = re.findall(r"^CMD (\[.*\])$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    return list(yaml.safe_load(found))


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every ``lti-tool`` command that a file starts."""
    yield "Dockerfile", image_command()
    for name, service in compose()["services"].items():
        if service.get("command", [""])[0] == "lti-tool":
            yield f"compose {name}", service["command"]
    for kind, name in (("Job", "migrate"), ("Deployment", "web"), ("Deployment", "worker")):
        yield f"kubernetes {name}", container(kind, name)["command"]
    for name, one in UNITS.items():
        for key in ("ExecStartPre", "ExecStart"):
            if key in one["Service"]:
                yield f"{name} {key}", shlex.split(one["Service"][key])


COMMANDS = dict(commands())


@pytest.mark.parametrize("where", COMMANDS)
def test_what_is_started_is_a_command_of_the_tool(where: str) -> None:
    program, *words = COMMANDS[where]
    assert Path(program).name == "lti-tool"
    command: Any = typer.main.get_command(cli)
    while isinstance(command, click.Group) or hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    # Raises UsageError for what the command does not take.
    context = command.make_context(command.name, words)
    if command.name == "serve":
        assert str(context.params["port"]) == PORT


def test_each_way_has_web_worker_and_migrations() -> None:
    for way in ("compose", "kubernetes"):
        said = {" ".join(words[1:]) for where, words in COMMANDS.items() if where.startswith(way)}
        assert {"worker", "db upgrade"} <= said
    assert {one["Service"]["ExecStart"].split()[1] for one in UNITS.values()} == {"serve", "worker"}


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: str(file.relative_to(DEPLOY)))
def test_only_settings_that_there_are(file: Path) -> None:
    named = set(re.findall(r"\bLTI_TOOL_[A-Z_]+", file.read_text("utf-8")))
    assert named <= {f"LTI_TOOL_{name.upper()}" for name in Settings.model_fields}


def test_several_processes_share_what_they_have_to() -> None:
    shared = {"LTI_TOOL_BASE_URL", "LTI_TOOL_SECRET_KEY", "LTI_TOOL_DATABASE_URL", "LTI_TOOL_WORKER"}
    services = compose()["services"]
    for name in ("migrate", "web", "worker"):
        assert shared <= services[name]["environment"].keys(), name
        assert services[name]["environment"]["LTI_TOOL_WORKER"] == "external"
        assert services[name]["volumes"] == ["keys:/var/lib/lti-tool/keys"]
    given = kubernetes()
    assert shared <= given["ConfigMap", "lti-tool"]["data"].keys() | given["Secret", "lti-tool"]["stringData"].keys()
    folder = given["ConfigMap", "lti-tool"]["data"]["LTI_TOOL_KEYS_DIR"]
    for kind, name in (("Job", "migrate"), ("Deployment", "web"), ("Deployment", "worker")):
        assert {"name": "keys", "mountPath": folder} in container(kind, name)["volumeMounts"]
        assert {"configMapRef", "secretRef"} == {key for one in container(kind, name)["envFrom"] for key in one}
    assert f"LTI_TOOL_KEYS_DIR={folder}" in (DEPLOY / "Dockerfile").read_text("utf-8")


def test_proxies_probes_and_scrapers_ask_where_the_tool_listens() -> None:
    assert f"EXPOSE {PORT}" in (DEPLOY / "Dockerfile").read_text("utf-8")
    assert f"127.0.0.1:{PORT}/health/ready" in compose()["services"]["web"]["healthcheck"]["test"][-1]
    assert re.search(rf"\bweb {PORT}\b", (DEPLOY / "compose" / "Caddyfile").read_text("utf-8"))
    assert f"127.0.0.1:{PORT}" in (DEPLOY / "caddy" / "Caddyfile").read_text("utf-8")
    web = container("Deployment", "web")
    probes = {key: web[key]["httpGet"] for key in ("readinessProbe", "livenessProbe")}
    assert probes["readinessProbe"] == {"path": "/health/ready", "port": int(PORT)}
    assert probes["livenessProbe"] == {"path": "/health/live", "port": int(PORT)}
    given = kubernetes()
    assert given["Service", "web"]["spec"]["ports"][0]["targetPort"] == int(PORT)
    assert given["NetworkPolicy", "web"]["spec"]["ingress"][0]["ports"] == [{"port": int(PORT)}]
    notes = given["Deployment", "web"]["spec"]["template"]["metadata"]["annotations"]
    assert (notes["prometheus.io/port"], notes["prometheus.io/path"]) == (PORT, "/metrics")
    asked = {path for file in TEXTS for path in re.findall(r"/health/[a-z]+", file.read_text("utf-8"))}
    assert asked == {"/health/live", "/health/ready"}


def test_what_is_told_to_end_has_the_time_for_it() -> None:
    needed = max(GRACE, STOPPING_SECONDS) + 5
    for name, one in UNITS.items():
        assert int(one["Service"]["TimeoutStopSec"]) >= needed, name
        assert one["Service"]["KillSignal"] == "SIGINT", name
    for name in ("web", "worker"):
        assert int(compose()["services"][name]["stop_grace_period"].rstrip("s")) >= needed
        spec = kubernetes()["Deployment", name]["spec"]["template"]["spec"]
        assert spec["terminationGracePeriodSeconds"] >= needed
    assert "STOPSIGNAL SIGINT" in (DEPLOY / "Dockerfile").read_text("utf-8")
    assert f"timeout_graceful_shutdown={GRACE}" in (ROOT / "lti_tool" / "cli.py").read_text("utf-8")


def test_the_settings_of_compose_are_asked_for_in_its_example() -> None:
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose" / "compose.yaml").read_text("utf-8")))
    example = (DEPLOY / "compose" / ".env.example").read_text("utf-8")
    assert wanted == set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))


def test_files_that_the_pages_name_are_there() -> None:
    for page, folder in ((ROOT / "docs" / "deploy.md", ROOT), (DEPLOY / "README.md", ROOT)):
        for name in re.findall(r"(?<![\w/.])deploy/[\w./@-]+\w", page.read_text("utf-8")):
            assert (folder / name).exists(), f"{page.name} names {name}"
    for name in re.findall(r"\]\(([\w./@-]+)\)", (DEPLOY / "README.md").read_text("utf-8")):
        assert (DEPLOY / name).exists(), name
