"""Settings: which source wins, and one line for what is wrong."""

from pathlib import Path

import platformdirs
import pytest

from convrec.settings import Settings
from graph.errors import OptionError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, an empty user folder, and no variables of ours."""
    working, user = tmp_path / "working", tmp_path / "user"
    working.mkdir()
    user.mkdir()
    monkeypatch.chdir(working)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda _: user)
    for name in ("CONVREC_CACHE", "CONVREC_SHARED"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_nothing_set_leaves_the_defaults():
    settings = Settings()
    assert settings.cache is None
    assert settings.places().cache == platformdirs.user_cache_path("convrec")


def test_flag_beats_environment_beats_file_here_beats_file_of_the_user(home: Path, monkeypatch: pytest.MonkeyPatch):
    (home / "user/convrec.toml").write_text('cache = "from-user"')
    assert Settings().cache == Path("from-user")
    (home / "working/convrec.toml").write_text('cache = "from-here"')
    assert Settings().cache == Path("from-here")
    monkeypatch.setenv("CONVREC_CACHE", "from-environment")
    assert Settings().cache == Path("from-environment")
    assert Settings(cache=Path("from-flag")).cache == Path("from-flag")


def test_a_flag_that_is_not_given_hides_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONVREC_CACHE", "from-environment")
    assert Settings(cache=None).cache == Path("from-environment")


def test_files_are_read_setting_by_setting(home: Path):
    (home / "user/convrec.toml").write_text(f'shared = "{home}"\ncache = "from-user"')
    (home / "working/convrec.toml").write_text('cache = "from-here"')
    places = Settings().places()
    assert (places.cache, places.shared) == (Path("from-here"), home)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONVREC_CACHE", "")
    assert Settings().cache is None


def test_a_tilde_means_the_home_folder(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(home))
    assert Settings(cache="~/kept").cache == home / "kept"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cache = ", "convrec.toml: not a TOML file"),
        ('chache = "x"', "convrec.toml: no setting 'chache'; choose from cache, shared"),
        ("cache = 3", "setting 'cache' (from CONVREC_CACHE or convrec.toml)"),
        ('shared = "no-such-folder"', "setting 'shared' (from CONVREC_SHARED or convrec.toml)"),
    ],
)
def test_a_bad_file_is_told_in_one_line(text: str, told: str):
    Path("convrec.toml").write_text(text)
    with pytest.raises(OptionError) as error:
        Settings()
    assert told in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["auth_token", "secret"])
def test_what_is_secret_is_not_repeated(home: Path, name: str):
    Path("convrec.toml").write_text(f"{name} = 12345678901234567890")
    with pytest.raises(OptionError, match=f"setting '{name}'") as found:
        Settings()
    assert "123456" not in str(found.value)


def test_a_variable_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONVREC_SERVE", "x")
    with pytest.raises(OptionError, match="serve"):
        Settings()


def test_a_file_that_is_not_text_is_told(home: Path):
    (home / "working/convrec.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(OptionError, match=r"convrec\.toml: not a TOML file"):
        Settings()


def test_an_unknown_flag_is_told():
    with pytest.raises(OptionError, match="--cahce"):
        Settings(cahce="x")
