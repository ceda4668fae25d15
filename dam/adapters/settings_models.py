"""What can be set, as models: each setting with its bounds and its default."""

from __future__ import annotations

import os
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PREFIX = "DAM_"

_MIB = 1024 * 1024

Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]


def _file_path(value: object) -> object:
    """A path, not an address: other databases come later and must not seem to work."""
    if isinstance(value, str) and ("://" in value or not value.isprintable() or not value.strip()):
        raise ValueError("not a path")
    return value


def _listed(value: object) -> object:
    """A list of words; in a variable they stand with blanks between them."""
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(value) if isinstance(value, list) else value


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class InboxSettings(_Group):
    """`[inbox]`: when a file counts as complete, and how the inbox is watched."""

    quiet_seconds: Seconds = Field(default=2.0, description="seconds, 0 to 3600")
    scan_seconds: Annotated[float, Field(ge=0.1, le=3600, allow_inf_nan=False)] = Field(
        default=5.0, description="seconds, 0.1 to 3600"
    )
    polling: bool = Field(default=False, description="true or false")


class LimitSettings(_Group):
    """`[limits]`: larger photographs are not opened."""

    max_pixels: int = Field(
        default=250_000_000,
        ge=1,
        le=4_000_000_000,
        description="a whole number of pixels, 1 to 4000000000",
    )
    max_bytes: int = Field(
        default=512 * _MIB,
        ge=1,
        le=65536 * _MIB,
        description=f"a whole number of bytes, 1 to {65536 * _MIB}",
    )
    seconds: int = Field(default=120, ge=1, le=3600, description="whole seconds, 1 to 3600")
    memory_mb: int = Field(
        default=2048, ge=512, le=65536, description="a whole number of MiB, 512 to 65536"
    )


class RenditionSettings(_Group):
    """`[renditions]`: how derived files are written."""

    jpeg_quality: int = Field(default=90, ge=1, le=100, description="a whole number, 1 to 100")
    keep_mb: int = Field(
        default=4096,
        ge=0,
        le=_MIB,
        description=f"a whole number of MiB, 0 to {_MIB}; 0 keeps none",
    )


class CredentialSettings(_Group):
    """`[credentials]`: what `dam export --c2pa` signs with; else what `dam credentials create`
    made. A key that belongs to another certificate is refused when it is to sign."""

    certificate: Annotated[str, BeforeValidator(_file_path)] | None = Field(
        default=None, description="the path of a file with certificates (PEM)"
    )
    key: Annotated[str, BeforeValidator(_file_path)] | None = Field(
        default=None, description="the path of a file with a key (PEM)"
    )


class BackupSettings(_Group):
    """`[backup]`: who may read backups, and where the file of withdrawals is kept up to date."""

    recipients: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = Field(
        default=(), description='a list of age recipients: ["age1..."]'
    )
    tombstones: Annotated[str, BeforeValidator(_file_path)] | None = Field(
        default=None, description="the path of a file, best on another disk"
    )


class LogSettings(_Group):
    """`[log]`: when the operating log is turned over, and how many of its files are kept."""

    max_bytes: int = Field(
        default=5 * _MIB,
        ge=4096,
        le=1024 * _MIB,
        description=f"a whole number of bytes, 4096 to {1024 * _MIB}",
    )
    files: int = Field(default=5, ge=1, le=100, description="a whole number, 1 to 100")


def _default_workers() -> int:
    return max(1, min(64, os.cpu_count() or 1))


class Settings(BaseSettings):
    """All technical settings; the tables can also be read flat (`settings.quiet_seconds`).

    Made by `load_settings`; made directly it takes its arguments and defaults alone and
    looks at neither file nor environment.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", strict=True, env_prefix=PREFIX, env_nested_delimiter="__"
    )

    workers: int = Field(
        default_factory=_default_workers, ge=1, le=64, description="a whole number, 1 to 64"
    )
    face_check: bool = Field(default=True, description="true or false")
    database: Annotated[str, BeforeValidator(_file_path)] | None = Field(
        default=None, description="the path of a database file"
    )
    metrics: Annotated[str, BeforeValidator(_file_path)] | None = Field(
        default=None, description="the path of a file for Prometheus"
    )
    inbox: InboxSettings = Field(
        default=InboxSettings(),
        description="a table [inbox] with quiet_seconds, scan_seconds, polling",
    )
    limits: LimitSettings = Field(
        default=LimitSettings(),
        description="a table [limits] with max_pixels, max_bytes, seconds, memory_mb",
    )
    renditions: RenditionSettings = Field(
        default=RenditionSettings(), description="a table [renditions] with jpeg_quality, keep_mb"
    )
    log: LogSettings = Field(
        default=LogSettings(), description="a table [log] with max_bytes, files"
    )
    credentials: CredentialSettings = Field(
        default=CredentialSettings(), description="a table [credentials] with certificate, key"
    )

    backup: BackupSettings = Field(
        default=BackupSettings(), description="a table [backup] with recipients, tombstones"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @property
    def names_credentials(self) -> bool:
        """Whether pictures are signed with something else than `dam credentials create` made."""
        return (self.credentials.certificate, self.credentials.key) != (None, None)

    @property
    def quiet_seconds(self) -> float:
        return self.inbox.quiet_seconds

    @property
    def scan_seconds(self) -> float:
        return self.inbox.scan_seconds

    @property
    def polling(self) -> bool:
        return self.inbox.polling

    @property
    def max_pixels(self) -> int:
        return self.limits.max_pixels

    @property
    def max_bytes(self) -> int:
        return self.limits.max_bytes

    @property
    def jpeg_quality(self) -> int:
        return self.renditions.jpeg_quality


GROUPS: dict[str, type[BaseModel]] = {
    "inbox": InboxSettings,
    "limits": LimitSettings,
    "renditions": RenditionSettings,
    "log": LogSettings,
    "credentials": CredentialSettings,
    "backup": BackupSettings,
}
