"""The environment that Rasa is installed in: which Python makes it, and that it is whole."""

from pathlib import Path

import pytest

from tests.convrec.serving import rasa_server
from tests.convrec.serving.rasa_server import (
    ENVIRONMENT,
    NEEDED,
    PYENV_PYTHON,
    RASA,
    SOCKET_IO,
    STORIES,
    environment,
    find_python,
)

MAKES_ENVIRONMENTS = """#!/bin/sh
if [ "$1" = -c ]; then echo "$0"; exit; fi
mkdir -p "$3/bin"
cp "$0" "$3/made-by"
echo made >> "$(dirname "$0")/made"
printf '#!/bin/sh\\nshift\\necho \"installing $*\"\\n%s\\n' "$PIP_ENDS" > "$3/bin/python"
printf '#!/bin/sh\\n' > "$3/bin/rasa"
chmod +x "$3/bin/python" "$3/bin/rasa"
"""
"""A Python that makes an environment in no time, whose pip does what PIP_ENDS says."""


def command(folder: Path, script: str) -> Path:
    """A ``python3.10`` that does what the script says."""
    folder.mkdir(parents=True)
    made = folder / "python3.10"
    made.write_text(script)
    made.chmod(0o755)
    return made


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which commands are looked for, besides those of the system."""
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.delenv("PYENV_VERSION", raising=False)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    return tmp_path / "path"


def test_a_shim_that_fails_is_asked_for_the_version_there_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = command(path, f'#!/bin/sh\n[ "$PYENV_VERSION" = {PYENV_PYTHON} ] && echo /the/real/python\n')
    assert find_python() == Path("/the/real/python")
    shim.write_text("#!/bin/sh\nexit 127\n")
    real = command(path.with_name("pyenv") / "versions" / "3.10.2" / "bin", "#!/bin/sh\necho $0\n")
    real = real.rename(real.with_name("python"))
    assert find_python() == real
    real.write_text("#!/bin/sh\necho\n")  # another version says nothing
    assert find_python() is None
    monkeypatch.delenv(NEEDED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="Rasa needs Python"):
        environment()
    monkeypatch.setenv(NEEDED, "1")
    with pytest.raises(pytest.fail.Exception, match="Rasa needs Python"):
        environment()


def test_an_environment_is_made_once_and_anew_after_an_interruption(path: Path) -> None:
    command(path, MAKES_ENVIRONMENTS)
    folder = environment()
    assert folder.is_relative_to(rasa_server.cache())
    assert environment() == folder
    assert (path / "made").read_text() == "made\n"
    assert f"installing pip install --no-input --no-cache-dir --disable-pip-version-check {RASA}" in (
        folder.with_suffix(".log").read_text()
    )
    (folder / ".whole").unlink()
    (folder / "half").touch()
    assert environment() == folder
    assert not (folder / "half").exists()
    assert (path / "made").read_text() == "made\nmade\n"


def test_what_cannot_be_installed_is_a_failure_that_says_why(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command(path, MAKES_ENVIRONMENTS)
    monkeypatch.setenv("PIP_ENDS", "echo no network; exit 1")
    with pytest.raises(pytest.fail.Exception, match=r"(?s)pip install.*failed;.*no network"):
        environment()
    monkeypatch.delenv("PIP_ENDS")
    assert environment().exists(), "the next run tries again"


def test_an_environment_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match="there is no Rasa"):
        environment()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "rasa").touch()
    assert environment() == tmp_path


def test_the_guide_says_what_is_tested() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "serving.md").read_text(encoding="utf-8")
    assert f"bin/pip install {RASA} {SOCKET_IO}\n" in guide
    assert f"bin/{' '.join(('rasa', *STORIES))}\n" in guide
