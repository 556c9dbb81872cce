"""All settings, in one class: `TACTFUL_*` variables, else `tactful.toml` in the working directory, else defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

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
    embedding_url: str | None = None
    """Base URL of an OpenAI-compatible endpoint for `/embeddings`; guidelines are then found by meaning as well."""
    embedding_model: str | None = None
    embedding_key: SecretStr = SecretStr("none")
    outbox: Literal["file", "console"] = "file"
    """Where messages go that no provider is set up for: files in `home`/outbox, or the terminal."""
    smtp_url: SecretStr | None = None
    """The mail server: smtp://user:password@host:587, smtps://..., or smtp+plain://localhost:25."""
    mail_per_second: float = Field(default=10.0, gt=0, le=1000)
    webhook_url: str | None = None
    """Who takes text messages, push, Kakao and tasks for the staff, as signed webhooks."""
    webhook_secret: SecretStr | None = None
    """whsec_...; two with a space between while a receiver changes from one to the other."""
    webhook_per_second: float = Field(default=20.0, gt=0, le=1000)
    webhook_honours_keys: bool = True
    """The receiver takes each webhook-id once, as the standard asks. False: what may have arrived never goes twice."""
    webhook_can_look_up: bool = False
    """The receiver answers GET URL/ID with 200 (taken) or 404 (not taken)."""
    webhook_own_network: bool = False
    """The receiver is inside your own network, where addresses are not public and http will do."""
    webhooks_own_network: bool = False
    """Endpoints that callers subscribe may lie inside your own network, where addresses are not public."""
    audit_anchors: Path | None = None
    """Folder in which the head of the audit's chain is written down; default `home`/anchors. Better on another disk."""
    requests_per_second: float = Field(default=200.0, gt=0, le=100_000)
    """How often one key may call the API, on average; bursts of ten seconds' worth are let through."""
    public_url: str = "http://127.0.0.1:8000"
    """Where customers and callers reach the API from outside, for links."""
    otlp_endpoint: str | None = None
    """Where traces go (OTLP over HTTP), for example http://localhost:4318/v1/traces. Without one none are made."""
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
