"""Settings: flags over environment (``CONVREC_…``) over file (``convrec.toml`` here, then the user's own)."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import DirectoryPath, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from graph.errors import OptionError
from graph.places import Places, expand_home

FILE_NAME = "convrec.toml"

SECRETS = frozenset({"auth_token", "secret"})
"""Settings whose values are not repeated."""


class Settings(BaseSettings):
    """What a person may set once for every command.

    :raises OptionError: when a flag, a variable or a file holds something that is not a setting.
    """

    model_config = SettingsConfigDict(env_prefix="CONVREC_", env_ignore_empty=True, extra="forbid", frozen=True)

    cache: Path | None = None
    """Folder for what was fetched, imported or built; the user's cache folder if none is set."""
    shared: DirectoryPath | None = None
    """Folder of benchmark data, which must exist; ``shared`` beside the checkout if none is set."""

    dialogs: Path | None = None
    """Folder in which dialogues with people are kept; the user's data folder if none is set."""

    host: str = "127.0.0.1"
    """Address on which to serve."""
    port: int = Field(default=5055, ge=0, le=65535)
    """Port on which to serve; 0 for any that is free."""
    auth_token: SecretStr | None = None
    """What callers of the action server have to know."""
    secret: SecretStr | None = None
    """Key by which talks are sealed, the same for all workers; one is made and kept in the cache if none is set."""

    serve: dict[str, Any] = Field(default_factory=dict)
    """Flags of ``convrec serve``, by their names."""

    def __init__(self, **flags: Path | str | int | None) -> None:
        """Flags that are None count as not given."""
        given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise OptionError(_explain(error, given)) from error
        except SettingsError as error:
            raise OptionError(f"{error}; mend or unset the variable") from error

    @field_validator("cache", "shared", "dialogs", mode="before")
    @classmethod
    def _expand_home(cls, value: object) -> object:
        return expand_home(str(value), "setting") if isinstance(value, str | Path) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Strongest first."""
        files = (InitSettingsSource(settings_cls, _read(path)) for path in files_read())
        return (init_settings, env_settings, *files)

    def places(self) -> Places:
        """Where data lie, with what was set in the place of the defaults."""
        given = {name: value for name, value in (("cache", self.cache), ("shared", self.shared)) if value}
        return replace(Places.from_environment(), **given)

    def dialogs_folder(self) -> Path:
        """Where dialogues with people are kept."""
        return self.dialogs or platformdirs.user_data_path("convrec") / "dialogs"


def files_read() -> tuple[Path, ...]:
    """Settings files that exist, strongest first."""
    candidates = (Path(FILE_NAME), platformdirs.user_config_path("convrec") / FILE_NAME)
    return tuple(path for path in candidates if path.is_file())


def _read(path: Path) -> dict[str, Any]:
    """Read one settings file; every name in it must be a setting."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OptionError(f"{path}: not a TOML file ({error}); mend or remove it") from error
    for name in found:
        if name not in Settings.model_fields:
            raise OptionError(f"{path}: no setting {name!r}; choose from {', '.join(Settings.model_fields)}")
    return found


def _explain(error: ValidationError, flags: dict[str, Any]) -> str:
    """One line that names the first setting that is wrong and where it was set."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    where = f"--{name}" if name in flags else f"CONVREC_{name.upper()} or {FILE_NAME}"
    found = "" if name in SECRETS else f", found {first['input']}"
    return f"setting {name!r} (from {where}): {first['msg']}{found}"
