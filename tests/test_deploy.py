"""The container and compose files: linted, and true to what they are about."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from convrec.serve_command import serve
from convrec.settings import Settings

ROOT = Path(__file__).parent.parent
DEPLOY, BOT = ROOT / "deploy", ROOT / "convrec/serving/bot"
TOOLS = Path(sys.executable).parent


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path)


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "--failure-threshold", "info", str(DEPLOY / "Containerfile")],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml")],
    ],
    ids=lambda command: command[0],
)
def test_lint_finds_nothing(command: list[str]) -> None:
    done = subprocess.run([TOOLS / command[0], *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_lint_finds_something(tmp_path: Path) -> None:
    wrong = tmp_path / "Containerfile"
    wrong.write_text((DEPLOY / "Containerfile").read_text().replace("WORKDIR /src", "WORKDIR src"))
    assert subprocess.run([TOOLS / "hadolint", wrong], capture_output=True, check=False).returncode == 1
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((DEPLOY / "compose.yaml").read_text().replace("cap_drop: [ALL]", "cap_dropped: [ALL]"))
    command = [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", wrong]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_what_is_set_is_a_setting() -> None:
    text = (DEPLOY / "Containerfile").read_text() + (DEPLOY / "compose.yaml").read_text()
    named = {name.lower() for name in re.findall(r"CONVREC_([A-Z_]+)", text)}
    assert named
    assert named <= set(Settings.model_fields)


def test_what_is_copied_and_mounted_is_there() -> None:
    text = (ROOT / ".dockerignore").read_text()
    wanted = re.findall(r"^!(.+)$", text, re.MULTILINE)
    assert all((ROOT / each).exists() for each in wanted)
    packages = re.search(r"^packages = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL | re.MULTILINE)
    assert packages
    assert {each.split(".")[0] for each in re.findall(r'"([^"]+)"', packages[1])} <= set(wanted)
    for service in read(DEPLOY / "compose.yaml")["services"].values():
        for volume in service["volumes"]:
            outside, _, inside = volume.partition(":")
            assert not outside.startswith(".") or (DEPLOY / outside).exists(), outside
            assert inside


def test_rasa_finds_convrec() -> None:
    compose, endpoint = read(DEPLOY / "compose.yaml"), read(DEPLOY / "rasa-endpoints.yml")["action_endpoint"]
    (port,) = re.findall(r"^EXPOSE (\d+)$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    assert int(port) == Settings.model_fields["port"].default
    assert endpoint["url"] == f"http://convrec:{port}/webhook"
    assert "convrec" in compose["services"]
    assert endpoint["token"] == "${CONVREC_AUTH_TOKEN}"
    for service in ("convrec", "rasa"):
        assert "CONVREC_AUTH_TOKEN" in compose["services"][service]["environment"]
    told = " ".join(compose["services"]["rasa"]["command"])
    for name in re.findall(r"/bot/([\w.]+)", told):
        assert (BOT / name).exists(), name


def test_nobody_waits_longer_than_the_container_does() -> None:
    seconds = int(read(DEPLOY / "compose.yaml")["services"]["convrec"]["stop_grace_period"].removesuffix("s"))
    (deadline,) = [each.default for each in serve.params if each.name == "deadline"]
    assert seconds >= 2 * deadline + 5
