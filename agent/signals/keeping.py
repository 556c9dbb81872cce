"""Fitted numbers as bytes and back: arrays and texts in one compressed archive, never a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from agent.domain.errors import InputError

Kept = Mapping[str, npt.NDArray[np.generic] | str]


def pack(parts: Kept) -> bytes:
    """The same parts give the same bytes, and so the same hash."""
    arrays = {name: _text(part) if isinstance(part, str) else np.asarray(part) for name, part in sorted(parts.items())}
    if any(array.dtype.hasobject for array in arrays.values()):
        raise TypeError("only numbers and text can be kept")
    stream = BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def unpack(body: bytes, place: str, expected: str) -> dict[str, npt.NDArray[np.generic]]:
    """The parts again. Raises InputError where the bytes are not those with the SHA-256 `expected`, or no archive."""
    if digest(body) != expected:
        raise InputError("not the bytes that were kept: the hash differs", place=place, next_step="Fit it anew.")
    try:
        with np.load(BytesIO(body), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, BadZipFile, OSError, KeyError, EOFError) as error:
        raise InputError("not an archive of numbers", place=place, next_step="Fit it anew.") from error


def text(part: npt.NDArray[np.generic]) -> str:
    """A text that was kept."""
    return part.tobytes().decode()


def digest(body: bytes) -> str:
    return sha256(body).hexdigest()


def _text(part: str) -> npt.NDArray[np.generic]:
    return np.frombuffer(part.encode(), dtype=np.uint8)
