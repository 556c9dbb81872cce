"""Messages as files: for the first steps, and for whoever collects them from a folder. One file a key, written once."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from agent.dispatch.payload import message
from agent.domain.delivery import Abilities, Claim, Refused, Result, Sent


class FileProvider:
    """Writes `FOLDER/CHANNEL/KEY.json`, whole or not at all; the same key is written once."""

    abilities = Abilities(name="file", honours_keys=True, can_look_up=True, per_second=10_000.0, concurrency=16)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, claim: Claim) -> Result:
        path = self._path(claim.effect.channel, claim.key)
        part = path.with_suffix(f".{claim.lease}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(orjson.dumps(message(claim), option=orjson.OPT_INDENT_2))
            try:
                os.link(part, path)
            except FileExistsError:
                pass  # an earlier try had written it
            finally:
                part.unlink()
        except OSError as error:
            return Refused(reason=f"cannot write ({error.strerror})", temporary=True)
        return Sent(receipt=path.name)

    def look_up(self, key: str) -> bool | None:
        return any(self._folder.glob(f"*/{key}.json"))

    def _path(self, channel: str, key: str) -> Path:
        return self._folder / channel / f"{key}.json"
