"""Fitted numbers are kept as numbers: nothing of a file is ever run."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from agent.domain.errors import InputError
from agent.signals.keeping import digest, pack, text, unpack


@given(of_numpy.arrays(np.float64, st.integers(0, 20)), st.text(max_size=50))
def test_what_is_kept_comes_back(numbers: np.ndarray[tuple[int], np.dtype[np.float64]], said: str) -> None:
    said = said.encode(errors="ignore").decode()
    body = pack({"numbers": numbers, "said": said})
    parts = unpack(body, "x", digest(body))
    np.testing.assert_array_equal(parts["numbers"], numbers)
    assert text(parts["said"]) == said
    assert pack({"said": said, "numbers": numbers}) == body


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a pickle was run",))


def test_a_pickle_in_the_place_of_an_archive_is_refused_and_not_run() -> None:
    for body in (pickle.dumps(Evil()), b"", b"PK\x03\x04nonsense"):
        with pytest.raises(InputError, match="not an archive"):
            unpack(body, "model.npz", digest(body))


def test_an_archive_with_objects_is_refused_and_not_run() -> None:
    stream = io.BytesIO()
    np.savez(stream, evil=np.array([Evil()], dtype=object))
    with pytest.raises(InputError, match="not an archive of numbers"):
        unpack(stream.getvalue(), "model.npz", digest(stream.getvalue()))
    with pytest.raises(TypeError, match="only numbers"):
        pack({"evil": np.array([Evil()], dtype=object)})


def test_other_bytes_than_those_kept_are_refused() -> None:
    body = pack({"n": np.arange(3)})
    with pytest.raises(InputError, match="hash differs"):
        unpack(body, "model.npz", digest(body + b"x"))
