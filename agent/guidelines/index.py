"""The brand's passages in Chroma: its vectors and an exact sparse index propose, one score ranks.

There is a collection for each language and version, named after both, which never changes once it is filled: a second
process can be behind, but never half-way. Filters are applied here: Chroma's own cost twenty times the query.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from chromadb import PersistentClient
from chromadb.api import ClientAPI
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError, NotFoundError
from numpy.typing import NDArray

from agent.domain.errors import InputError, StoreError
from agent.domain.guideline import ANY, Found, GuidelineQuery, Passage
from agent.domain.ids import TenantId, digest
from agent.guidelines.embedding import Embedder, HashedTerms, NoVectors
from agent.guidelines.reading import version_of
from agent.guidelines.sparse import Scores, Sparse
from agent.settings import Settings

_PRIORITY = 0.05
"""What one step of priority is worth beside a closeness between 0 and 1."""
_SPECIFIC = 0.5
"""A passage that names the action asked for stands before one that holds for all."""
_PROPOSED = 200
_CACHED = 4_096
_BATCH = 1_000
_ALWAYS = 99_991_231


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Chroma's errors as ours: the index can always be made anew from the files."""
    try:
        yield
    except (ChromaError, OSError, ValueError, RuntimeError) as error:
        raise StoreError(
            f"the guideline index cannot be used ({type(error).__name__})",
            next_step="Delete the folder chroma/ in TACTFUL_HOME: it is rebuilt from the guideline files.",
        ) from error


def connect(folder: Path) -> ClientAPI:
    """An embedded Chroma in the folder. Raises StoreError where it cannot be opened.

    By its absolute path: Chroma keeps one client per path and process, also when the working directory has changed.
    """
    with _plain_errors():
        return PersistentClient(path=str(folder.resolve()), settings=ChromaSettings(anonymized_telemetry=False))


class ChromaIndex:
    """The `GuidelineIndex` of one tenant's passages."""

    def __init__(
        self, client: ClientAPI, tenant: TenantId, passages: Sequence[Passage], embedder: Embedder | None = None
    ) -> None:
        self._version = version_of(tuple(passages))
        self._cache: dict[GuidelineQuery, tuple[Found, ...]] = {}
        prefix = f"guide-{digest(tenant, size=6)}-"
        chosen = embedder or HashedTerms()
        marked = f"{self._version}-{digest(chosen.label, size=3)}"
        with _plain_errors():
            self._shelves = {
                locale: _Shelf(client, f"{prefix}{locale}-{marked}", locale, passages, chosen)
                for locale in sorted({passage.locale for passage in passages})
            }
            for other in client.list_collections():
                if other.name.startswith(prefix) and not other.name.endswith(marked):
                    client.delete_collection(other.name)

    @property
    def version(self) -> str:
        return self._version

    def find(self, query: GuidelineQuery) -> tuple[Found, ...]:
        """The best passages that fit the query, best first; empty where none fits."""
        known = self._cache.get(query)
        if known is None:
            shelf = self._shelves.get(query.locale)
            with _plain_errors():
                known = shelf.find(query) if shelf else ()
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            self._cache[query] = known
        return known


class NoIndex:
    """Finds nothing (the `GuidelineIndex` port): for comparisons in which words play no part."""

    version = "none"

    def find(self, query: GuidelineQuery) -> tuple[Found, ...]:
        return ()


class _Shelf:
    """The passages of one language."""

    def __init__(
        self, client: ClientAPI, name: str, locale: str, passages: Sequence[Passage], embedder: Embedder
    ) -> None:
        self._client = client
        self._name = name
        self._embedder = embedder
        self._passages = [passage for passage in passages if passage.locale == locale]
        self._place = {passage.passage_id: number for number, passage in enumerate(self._passages)}
        self._texts = [f"{p.title}\n{p.topic}\n{p.text}" for p in self._passages]
        self._sparse = Sparse(locale, self._texts, [p.path for p in self._passages])
        self._priority = _PRIORITY * np.array([p.priority for p in self._passages])
        self._fits = lru_cache(maxsize=256)(self._fitting)
        self._collection = self._open()

    def find(self, query: GuidelineQuery) -> tuple[Found, ...]:
        words = query.words or f"{query.action} {query.topic}"
        closeness = self._sparse.scores(words)
        proposed, similar = self._proposed(words)
        if similar is not None:
            closeness = 0.5 * _scaled(closeness) + 0.5 * _scaled(similar)
        fits, specific = self._fits(query.day, query.action, query.channel, query.topic)
        scores = np.where(fits, closeness + self._priority + _SPECIFIC * specific, -np.inf)
        best = np.argsort(-scores, kind="stable")[: _PROPOSED + query.limit]
        wanted = {*proposed, *(int(n) for n in best)}
        ranked = sorted(wanted, key=lambda n: (-round(float(scores[n]), 6), self._passages[n].passage_id))
        return tuple(Found(passage=self._passages[n], score=round(float(scores[n]), 6)) for n in ranked if fits[n])[
            : query.limit
        ]

    def _proposed(self, words: str) -> tuple[list[int], Scores | None]:
        """What Chroma holds to be near, and, where its vectors know meanings, how near."""
        try:
            answer = self._query(words)
        except NotFoundError:  # a process with another version of the files has cleared it away
            self._collection = self._open()
            answer = self._query(words)
        except NoVectors:
            return [], None
        near = [self._place[name] for name in answer["ids"][0] if name in self._place]
        if not self._embedder.semantic:
            return near, None
        similar = np.zeros(len(self._passages))
        similar[near] = 1.0 - np.array(answer["distances"][0][: len(near)])
        return near, similar

    def _query(self, words: str) -> Any:
        return self._collection.query(
            query_texts=[words], n_results=min(_PROPOSED, len(self._passages)), include=["distances"]
        )

    def _open(self) -> Any:
        collection = self._client.get_or_create_collection(
            self._name,
            embedding_function=self._embedder,  # type: ignore[arg-type]
            configuration={"hnsw": {"space": "cosine"}},
        )
        if collection.count() != len(self._passages):
            for start in range(0, len(self._passages), _BATCH):
                some = slice(start, start + _BATCH)
                collection.upsert(
                    ids=[passage.passage_id for passage in self._passages[some]],
                    documents=self._texts[some],
                    metadatas=[_metadata(passage) for passage in self._passages[some]],
                )
        return collection

    def _fitting(self, day: Any, action: str, channel: str, topic: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which passages fit, and which of them name the action. Kept: few combinations are ever asked for."""
        fits = [
            (p.valid_from is None or p.valid_from <= day)
            and (p.valid_to is None or day <= p.valid_to)
            and (action == ANY or not p.actions or action in p.actions)
            and (channel == ANY or not p.channels or channel in p.channels)
            and topic in (ANY, p.topic)
            for p in self._passages
        ]
        return np.array(fits, dtype=bool), np.array([action in p.actions for p in self._passages], dtype=bool)


def _scaled(scores: Scores) -> Scores:
    """Between 0 and 1, so that two kinds of closeness weigh alike."""
    most = float(scores.max(initial=0.0))
    return np.clip(scores, 0.0, None) / most if most > 0 else np.zeros_like(scores)


def _metadata(passage: Passage) -> dict[str, str | int | bool]:
    """What the collection says of a passage to whoever else reads it."""
    marks: dict[str, str | int | bool] = {
        "locale": passage.locale,
        "topic": passage.topic,
        "valid_from": int(passage.valid_from.strftime("%Y%m%d")) if passage.valid_from else 0,
        "valid_to": int(passage.valid_to.strftime("%Y%m%d")) if passage.valid_to else _ALWAYS,
    }
    marks |= {f"action:{name}": True for name in passage.actions or (ANY,)}
    marks |= {f"channel:{name}": True for name in passage.channels or (ANY,)}
    return marks


def open_index(settings: Settings, tenant: TenantId, passages: Sequence[Passage]) -> ChromaIndex:
    """The passages in Chroma; by their words alone while the endpoint for vectors fails. Raises InputError."""
    from agent.guidelines.embedding import Endpoint

    client = connect(settings.home / "chroma")
    if settings.embedding_url is None:
        return ChromaIndex(client, tenant, passages)
    if not settings.embedding_model:
        raise InputError(
            "the endpoint is set, but no model is named", place="TACTFUL_EMBEDDING_MODEL", next_step="Name one."
        )
    try:
        vectors = Endpoint(
            settings.embedding_url, settings.embedding_model, settings.embedding_key, settings.deadline_seconds
        )
        return ChromaIndex(client, tenant, passages, vectors)
    except NoVectors:
        return ChromaIndex(client, tenant, passages)
