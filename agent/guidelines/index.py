"""The brand's passages in Chroma: the vector query with a metadata filter proposes, exact TF-IDF re-ranks.

A collection is named after the version of its passages and never changes afterwards, so a second process can be
behind but never half-way: it sees another version in the store and opens, or builds, another collection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chromadb import Documents, EmbeddingFunction, Embeddings, PersistentClient
from chromadb.api import ClientAPI
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError

from agent.domain.errors import StoreError
from agent.domain.guideline import ANY, Found, GuidelineQuery, Passage
from agent.domain.ids import TenantId, digest
from agent.guidelines.reading import version_of
from agent.guidelines.terms import Sparse, hashed

_PRIORITY = 0.05
"""What one step of priority is worth beside a cosine between 0 and 1."""
_SPECIFIC = 0.5
"""A passage that names the action asked for stands before one that holds for all."""
_PROPOSED = 24
_ALWAYS = 99_991_231


class HashedTerms(EmbeddingFunction[Documents]):
    """Our own embedding: no model, no download. Always passed, since Chroma's default fetches one."""

    def __init__(self) -> None:
        """Nothing to set: the vector is a pure function of the text."""

    def __call__(self, input: Documents) -> Embeddings:
        return [hashed(text) for text in input]

    @staticmethod
    def name() -> str:
        return "tactful-hashed-terms"

    def get_config(self) -> dict[str, Any]:
        return {}

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> HashedTerms:
        return HashedTerms()


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
        return PersistentClient(path=str(folder.resolve()), settings=Settings(anonymized_telemetry=False))


class ChromaIndex:
    """The `GuidelineIndex` of one tenant's passages."""

    def __init__(self, client: ClientAPI, tenant: TenantId, passages: tuple[Passage, ...]) -> None:
        self._client = client
        self._prefix = f"guide-{digest(tenant, size=6)}"
        self._passages = {passage.passage_id: passage for passage in passages}
        self._version = version_of(passages)
        self._sparse = Sparse({p.passage_id: f"{p.title}\n{p.topic}\n{p.text}" for p in passages})
        self._cache: dict[GuidelineQuery, tuple[Found, ...]] = {}
        with _plain_errors():
            self._collection = self._open()

    @property
    def version(self) -> str:
        return self._version

    def find(self, query: GuidelineQuery) -> tuple[Found, ...]:
        """The best passages that fit the query, best first; empty where none fits."""
        known = self._cache.get(query)
        if known is None:
            with _plain_errors():
                try:
                    known = self._search(query)
                except NotFoundError:  # another process, at another version of the files, has cleared it away
                    self._collection = self._open()
                    known = self._search(query)
            self._cache[query] = known
        return known

    def _open(self) -> Any:
        client, prefix = self._client, self._prefix
        name = f"{prefix}-{self._version}"
        collection = client.get_or_create_collection(name, embedding_function=HashedTerms())  # type: ignore[arg-type]
        if self._passages and collection.count() != len(self._passages):
            collection.upsert(
                ids=list(self._passages),
                documents=[f"{p.title}\n{p.topic}\n{p.text}" for p in self._passages.values()],
                metadatas=[_metadata(p) for p in self._passages.values()],
            )
        for other in client.list_collections():
            if other.name.startswith(prefix + "-") and other.name != name:
                client.delete_collection(other.name)
        return collection

    def _search(self, query: GuidelineQuery) -> tuple[Found, ...]:
        if not self._passages:
            return ()
        answer = self._collection.query(
            query_texts=[query.words or f"{query.action} {query.topic}"],
            n_results=min(_PROPOSED, len(self._passages)),
            where=_filter(query),
            include=["distances"],
        )
        proposed = [name for name in answer["ids"][0] if name in self._passages]
        closeness = self._sparse.scores(query.words, proposed)
        found = [
            Found(passage=passage, score=round(closeness[passage.passage_id] + _worth(passage, query), 6))
            for passage in (self._passages[name] for name in proposed)
        ]
        return tuple(sorted(found, key=lambda f: (-f.score, f.passage.passage_id))[: query.limit])


def _worth(passage: Passage, query: GuidelineQuery) -> float:
    return _PRIORITY * passage.priority + (_SPECIFIC if query.action in passage.actions else 0.0)


def _metadata(passage: Passage) -> dict[str, str | int | bool]:
    marks: dict[str, str | int | bool] = {
        "locale": passage.locale,
        "topic": passage.topic,
        "valid_from": int(passage.valid_from.strftime("%Y%m%d")) if passage.valid_from else 0,
        "valid_to": int(passage.valid_to.strftime("%Y%m%d")) if passage.valid_to else _ALWAYS,
    }
    marks |= {f"action:{name}": True for name in passage.actions or (ANY,)}
    marks |= {f"channel:{name}": True for name in passage.channels or (ANY,)}
    return marks


def _filter(query: GuidelineQuery) -> dict[str, Any]:
    day = int(query.day.strftime("%Y%m%d"))
    parts: list[dict[str, Any]] = [
        {"locale": query.locale},
        {"valid_from": {"$lte": day}},
        {"valid_to": {"$gte": day}},
    ]
    for mark, wanted in (("action", query.action), ("channel", query.channel)):
        if wanted != ANY:
            parts.append({"$or": [{f"{mark}:{wanted}": True}, {f"{mark}:{ANY}": True}]})
    if query.topic != ANY:
        parts.append({"topic": query.topic})
    return {"$and": parts}
