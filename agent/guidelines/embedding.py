"""Vectors of texts: our own hashed terms, which need no model, or those of a configured endpoint."""

from __future__ import annotations

from typing import Any

import numpy as np
from chromadb import Documents, EmbeddingFunction, Embeddings
from pydantic import SecretStr

from agent.guidelines.terms import hashed


class HashedTerms(EmbeddingFunction[Documents]):
    """No model, no download. Some function is always passed, since Chroma's default fetches one."""

    semantic = False
    label = "terms"

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


class NoVectors(Exception):
    """The endpoint gave none: passages are found by their words alone until it does."""


class Endpoint(EmbeddingFunction[Documents]):
    """An OpenAI-compatible `/embeddings` endpoint. Its key goes to the endpoint alone, never into the collection."""

    semantic = True

    def __init__(self, url: str, model: str, key: SecretStr, seconds: float) -> None:
        from langchain_openai import OpenAIEmbeddings  # lazily: only a configured endpoint needs it

        self.label = model
        self._client = OpenAIEmbeddings(
            model=model,
            base_url=url,
            api_key=key,
            timeout=seconds,
            max_retries=1,
            check_embedding_ctx_length=False,  # it would fetch a tokeniser
        )

    def __call__(self, input: Documents) -> Embeddings:
        from openai import OpenAIError

        try:
            found = self._client.embed_documents(list(input))
        except (OpenAIError, ValueError, TypeError) as error:
            raise NoVectors(type(error).__name__) from error
        if len(found) != len(input):
            raise NoVectors("not one vector a text")
        return [np.asarray(vector, dtype=np.float32) for vector in found]

    @staticmethod
    def name() -> str:
        return "tactful-endpoint"

    def get_config(self) -> dict[str, Any]:
        return {"model": self.label}

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> Endpoint:
        raise ValueError("the endpoint's settings are not kept in the index")


Embedder = HashedTerms | Endpoint
