"""Benchmarks of data and words: a million events, and how well and fast passages are found."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from agent.domain.guideline import GuidelineQuery, Passage
from agent.domain.ids import TenantId
from agent.guidelines.index import ChromaIndex, connect
from agent.guidelines.reading import parse

Row = tuple[str, str, str]
DAY = date(2026, 11, 22)
HEAD = "---\nbrand: Bank\nlocale: en\ntopic: knowledge\n---\n"


def events_file(path: Path, rows: int) -> Path:
    """Events of a hundredth as many customers, in our own columns."""
    drawn = random.Random(rows)
    start = datetime(2026, 10, 1, tzinfo=UTC)
    kinds = ("product_viewed", "page_viewed", "cart_updated", "searched")
    with path.open("w", encoding="utf-8") as file:
        file.write("customer,kind,occurred_at,entity,dwell_seconds\n")
        for number in range(rows):
            at = start + timedelta(seconds=number * 2)
            who, what = drawn.randrange(rows // 100), kinds[number % 4]
            file.write(f"{who},{what},{at.isoformat()},p{drawn.randrange(500)},{number % 300}\n")
    return path


def mapped_file(path: Path, rows: int) -> tuple[Path, Path]:
    """The same through a map: Korean columns and clocks, amounts in won."""
    drawn = random.Random(rows)
    with path.open("w", encoding="cp949") as file:
        file.write("주문번호,회원번호,주문일시,상품코드,수량,단가\n")
        for number in range(rows):
            who, clock = (
                drawn.randrange(rows // 100),
                f"2026.10.{number % 28 + 1} 오후 {number % 11 + 1}:{number % 60:02}",
            )
            file.write(f'A{number},{who},{clock},P{number % 500},1,"{number % 90 + 1},000원"\n')
    said = path.with_suffix(".yaml")
    said.write_text(
        "what: transactions\nencoding: cp949\nzone: Asia/Seoul\nfixed: {currency: KRW}\ncolumns: {order: 주문번호,"
        " customer: 회원번호, occurred_at: 주문일시, product: 상품코드, quantity: 수량, price: 단가}\n",
        encoding="utf-8",
    )
    return path, said


def retrieval(folder: Path, banking: Path) -> Iterator[Row]:
    """Recall and rank on the tasks, milliseconds a query at two sizes, and from memory."""
    documents = [json.loads(line) for line in (banking / "documents.jsonl").read_text(encoding="utf-8").splitlines()]
    tasks = json.loads((banking / "tasks.json").read_text(encoding="utf-8"))
    passages = [
        passage
        for number, text in enumerate(documents)
        for passage in parse(f"{HEAD}# {text['title']}\n\n{text['title']}.\n{text['content']}", f"{number}.md")
    ]
    questions = [task["user_scenario"]["instructions"] for task in tasks]
    index = ChromaIndex(connect(folder / "chroma"), TenantId("bench"), passages)
    recalls, ranks = [], []
    for task, question in zip(tasks, questions, strict=True):
        gold, names = set(task["required_documents"]), _documents(index, question, documents)
        recalls.append(len(gold & set(names[:10])) / len(gold))
        ranks.append(next((1 / place for place, name in enumerate(names, start=1) if name in gold), 0.0))
    size = f"{len(passages):,} passages of {len(documents)} documents"
    yield f"tau2_banking_knowledge, {size}: recall@10", f"{sum(recalls) / len(recalls):.3f}", ".31"
    yield "  MRR", f"{sum(ranks) / len(ranks):.3f}", ".60"
    more = [*passages, *_shuffled(passages, 5_000 - len(passages))]
    for some in (passages[:1_250], more):
        made = ChromaIndex(connect(folder / f"chroma{len(some)}"), TenantId("bench"), some)
        p50, p95 = _times(made, questions)
        again, _ = _times(made, questions)
        yield f"a query at {len(some):,} passages, p50 / p95", f"{p50:.1f} / {p95:.1f} ms", "15 ms"
        yield "  the same again", f"{again:.3f} ms", "1 ms"


def _documents(index: ChromaIndex, question: str, documents: Sequence[dict[str, str]]) -> list[str]:
    query = GuidelineQuery(locale="en", day=DAY, words=question, limit=200)
    found = (int(f.passage.path.removesuffix(".md")) for f in index.find(query))
    return list(dict.fromkeys(documents[number]["id"] for number in found))


def _shuffled(passages: Sequence[Passage], more: int) -> list[Passage]:
    """As many others again, of the same words in another order."""
    drawn = random.Random(1)
    found = []
    for number in range(more):
        words = passages[number % len(passages)].text.split()
        drawn.shuffle(words)
        found += parse(f"{HEAD}# Shuffled {number}\n\n{' '.join(words)}", f"s{number}.md")
    return found


def _times(index: ChromaIndex, questions: Sequence[str]) -> tuple[float, float]:
    times = []
    for question in questions:
        started = time.perf_counter()
        index.find(GuidelineQuery(locale="en", day=DAY, words=question, limit=10))
        times.append((time.perf_counter() - started) * 1e3)
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.95)]
