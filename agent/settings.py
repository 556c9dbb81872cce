"""All settings, in one class: `TACTFUL_*` variables, else `tactful.toml` in the working directory, else defaults."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource


class Settings(BaseSettings):
    """Where state lives, which playbook holds, which model speaks. A model's key is never printed or stored."""

    model_config = SettingsConfigDict(
        env_prefix="TACTFUL_", toml_file="tactful.toml", extra="forbid", env_ignore_empty=True, protected_namespaces=()
    )

    home: Path = Path(".tactful")
    """State: the SQLite file and Chroma's folder."""
    database_url: str | None = None
    """A database other than SQLite in `home`, for example postgresql://user@host/name."""
    playbook: str | None = None
    """Path of playbook.yaml; `{tenant}` in it is replaced. Without one the starter playbook holds."""
    model_url: str | None = None
    """Base URL of an OpenAI-compatible endpoint, for example http://localhost:8000/v1."""
    model_name: str | None = None
    """The model to ask. Without a name no model is asked and the engine decides."""
    model_key: SecretStr = SecretStr("none")
    deadline_seconds: float = Field(default=8.0, gt=0, le=120)
    """The total time one decision may wait for the model."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
