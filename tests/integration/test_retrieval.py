"""How well passages are found, in English and Korean; and that every process answers from one version."""

from __future__ import annotations

import json
import math
import os
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agent.bootstrap import open_tactful
from agent.domain.errors import StoreError
from agent.domain.guideline import GuidelineQuery, Passage
from agent.guidelines.embedding import Endpoint
from agent.guidelines.index import ChromaIndex, connect
from agent.guidelines.reading import parse, read_folder
from agent.service import Tactful
from agent.settings import Settings
from agent.store.database import Database
from prompts.loading import STARTER
from tests.conftest import CountingIds, StoppedClock
from tests.support.people import TENANT

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 22)
BANKING = Path(os.environ.get("TACTFUL_DATA", ROOT.parent / "shared" / "data")) / "tau2_banking_knowledge"
HEAD = "---\nbrand: Bank\nlocale: en\ntopic: knowledge\n---\n"


def found(index: ChromaIndex, locale: str, words: str, limit: int = 50) -> list[Passage]:
    query = GuidelineQuery(locale=locale, day=DAY, words=words, limit=limit)
    return [f.passage for f in index.find(query)]


@pytest.mark.skipif(not BANKING.exists(), reason="set TACTFUL_DATA to a folder with tau2_banking_knowledge/")
def test_a_banks_knowledge_is_found_better_than_the_peers_find_it(tmp_path: Path) -> None:
    documents = [json.loads(line) for line in (BANKING / "documents.jsonl").read_text(encoding="utf-8").splitlines()]
    passages = [
        passage
        for number, text in enumerate(documents)
        for passage in parse(f"{HEAD}# {text['title']}\n\n{text['title']}.\n{text['content']}", f"{number}.md")
    ]
    index = ChromaIndex(connect(tmp_path / "chroma"), TENANT, passages)
    tasks = json.loads((BANKING / "tasks.json").read_text(encoding="utf-8"))
    recalls, ranks = [], []
    for task in tasks:
        gold = set(task["required_documents"])
        hits = found(index, "en", task["user_scenario"]["instructions"], limit=200)
        names = list(dict.fromkeys(documents[int(p.path.removesuffix(".md"))]["id"] for p in hits))
        recalls.append(len(gold & set(names[:10])) / len(gold))
        ranks.append(next((1 / place for place, name in enumerate(names, start=1) if name in gold), 0.0))
    assert sum(recalls) / len(recalls) >= 0.31
    assert sum(ranks) / len(ranks) >= 0.60


def bigrams(text: str) -> list[str]:
    plain = re.sub(r"[^0-9a-z가-힣]", "", text.lower())
    return [plain[n : n + 2] for n in range(len(plain) - 1)]


def plain_bm25(texts: Sequence[str], question: str) -> list[int]:
    """BM25 over character bigrams, written out: what we have to be as good as."""
    counts = [Counter(bigrams(text)) for text in texts]
    seen = Counter(term for counted in counts for term in counted)
    usual = sum(sum(counted.values()) for counted in counts) / len(counts)

    def score(counted: Counter[str]) -> float:
        room = 1.2 * (0.25 + 0.75 * sum(counted.values()) / usual)
        return sum(
            math.log(1 + (len(texts) - seen[term] + 0.5) / (seen[term] + 0.5))
            * counted[term]
            * 2.2
            / (counted[term] + room)
            for term in bigrams(question)
            if term in counted
        )

    scores = [score(counted) for counted in counts]
    return sorted(range(len(texts)), key=lambda n: -scores[n])


def test_korean_questions_find_their_passages_as_well_as_by_bigram_bm25(tmp_path: Path) -> None:
    """116 questions about the Korean starter brand, written by somebody who never saw a ranking."""
    always = [
        replace(p, valid_from=None, valid_to=None, priority=0) for p in read_folder(STARTER / "ko" / "guidelines")
    ]
    index = ChromaIndex(connect(tmp_path / "chroma"), TENANT, always)
    questions = json.loads((Path(__file__).parent / "questions_ko.json").read_text(encoding="utf-8"))
    names = [p.passage_id for p in always]
    texts = [f"{p.title} {p.text}" for p in always]
    ours = theirs = close = 0
    for asked in questions:
        first = found(index, "ko", asked["question"], limit=1)[0].passage_id == asked["passage"]
        ours += first
        close += first and asked["style"] == "close"
        theirs += names[plain_bm25(texts, asked["question"])[0]] == asked["passage"]
    assert ours >= theirs
    assert close >= 0.95 * sum(asked["style"] == "close" for asked in questions)


def test_the_same_question_is_answered_from_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = ChromaIndex(connect(tmp_path / "chroma"), TENANT, read_folder(STARTER / "en" / "guidelines"))
    first = found(index, "en", "say sorry first")
    monkeypatch.setattr("agent.guidelines.index._Shelf.find", lambda *_: pytest.fail("asked again"))
    assert found(index, "en", "say sorry first") == first


# Versions -------------------------------------------------------------------------------------------------------------
def brand(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "guidelines").mkdir()
    (folder / "playbook.yaml").write_bytes((STARTER / "en" / "playbook.yaml").read_bytes())
    (folder / "guidelines" / "voice.md").write_text(guideline("Speak of the sea."), encoding="utf-8")
    return folder / "playbook.yaml"


def guideline(text: str) -> str:
    return f"---\nbrand: B\nlocale: en\ntopic: voice\n---\n# Voice\n\n{text}\n"


def opened(home: Path, playbook: Path) -> Tactful:
    """Its own connections and its own memory, as another process would have them."""
    settings = Settings(home=home, playbook=str(playbook), model_name=None)
    database = Database(f"sqlite:///{home}/t.db")
    return open_tactful(settings, "acme", clock=StoppedClock(), ids=CountingIds(), database=database)


def answer(tactful: Tactful) -> tuple[str, str]:
    hits = tactful.guidebook.search("what to speak of", locale="en", action="any", channel="any", limit=1)
    return tactful.deciding.index.version, hits[0].passage.text


def test_two_processes_on_one_index_never_answer_from_different_versions(tmp_path: Path) -> None:
    playbook = brand(tmp_path / "brand")
    old = opened(tmp_path / "home", playbook)
    assert answer(old)[1] == "Speak of the sea."
    (tmp_path / "brand" / "guidelines" / "voice.md").write_text(guideline("Speak of the pines."), encoding="utf-8")
    new = opened(tmp_path / "home", playbook)
    assert answer(new)[1] == "Speak of the pines."
    assert answer(old) == answer(new)


def test_a_process_with_other_files_than_those_in_force_does_not_answer(tmp_path: Path) -> None:
    old = opened(tmp_path / "home", brand(tmp_path / "one"))
    answer(old)
    other = brand(tmp_path / "two")
    (tmp_path / "two" / "guidelines" / "voice.md").write_text(guideline("Speak of the pines."), encoding="utf-8")
    answer(opened(tmp_path / "home", other))
    with pytest.raises(StoreError, match="another version") as error:
        answer(old)
    assert "guidelines use" in error.value.next_step


def test_files_that_were_replaced_do_not_come_back_unless_somebody_says_so(tmp_path: Path) -> None:
    playbook = brand(tmp_path / "old")
    answer(opened(tmp_path / "home", playbook))
    newer = brand(tmp_path / "new")
    (tmp_path / "new" / "guidelines" / "voice.md").write_text(guideline("Speak of the pines."), encoding="utf-8")
    in_force = opened(tmp_path / "home", newer)
    answer(in_force)
    stale = opened(tmp_path / "home", playbook)
    with pytest.raises(StoreError, match="another version"):
        answer(stale)
    assert answer(in_force)[1] == "Speak of the pines."
    stale.use_guidelines()
    assert answer(stale)[1] == "Speak of the sea."


# An endpoint for vectors ----------------------------------------------------------------------------------------------
class Meanings(BaseHTTPRequestHandler):
    """Answers like an OpenAI-compatible endpoint: texts about money lie in one direction, all others in another."""

    broken = False

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if type(self).broken:
            self.send_error(500)
            return
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        vectors = [[1.0, 0.1] if re.search("refund|money|cash", text) else [0.1, 1.0] for text in texts]
        data = [{"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(vectors)]
        answer = json.dumps(
            {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        )
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    Meanings.broken = False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Meanings)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


MONEY = [
    *parse(guideline("Give the refund without a word."), "refunds.md"),
    *parse(guideline("Speak of the harbour at dawn."), "harbour.md"),
]


def test_an_endpoint_finds_what_shares_no_word(tmp_path: Path, endpoint: str) -> None:
    vectors = Endpoint(endpoint, "m", SecretStr("none"), 5.0)
    index = ChromaIndex(connect(tmp_path / "chroma"), TENANT, MONEY, vectors)
    assert found(index, "en", "cash back")[0].path == "refunds.md"


def test_while_the_endpoint_fails_words_are_enough(tmp_path: Path, endpoint: str) -> None:
    index = ChromaIndex(connect(tmp_path / "chroma"), TENANT, MONEY, Endpoint(endpoint, "m", SecretStr("none"), 5.0))
    Meanings.broken = True
    assert found(index, "en", "dawn over the harbour")[0].path == "harbour.md"


def test_a_brand_opens_without_its_endpoint(tmp_path: Path, endpoint: str) -> None:
    Meanings.broken = True
    settings = Settings(
        home=tmp_path / "home",
        playbook=str(brand(tmp_path / "brand")),
        model_name=None,
        embedding_url=endpoint,
        embedding_model="m",
    )
    tactful = open_tactful(settings, "acme", clock=StoppedClock(), ids=CountingIds())
    assert answer(tactful)[1] == "Speak of the sea."
