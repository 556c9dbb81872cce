"""The public data sets that the benchmarks of signals read, from the folder TACTFUL_DATA: never part of the product."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from agent.signals.purchases import DAY, Floats, Ints, Purchases

KOTE = (
    "불평/불만", "환영/호의", "감동/감탄", "지긋지긋", "고마움", "슬픔", "화남/분노", "존경", "기대감",
    "우쭐댐/무시함", "안타까움/실망", "비장함", "의심/불신", "뿌듯함", "편안/쾌적", "신기함/관심", "아껴주는",
    "부끄러움", "공포/무서움", "절망", "한심함", "역겨움/징그러움", "짜증", "어이없음", "없음",
    "패배/자기혐오", "귀찮음", "힘듦/지침", "즐거움/신남", "깨달음", "죄책감", "증오/혐오",
    "흐뭇함(귀여움/예쁨)", "당황/난처", "경악", "부담/안_내킴", "서러움", "재미없음", "불쌍함/연민", "놀람",
    "행복", "불안/걱정", "기쁨", "안심/신뢰",
)  # fmt: skip
"""The labels of KOTE in their order."""
MOODS = {
    "화남/분노": "angry",
    "슬픔": "sad",
    "고마움": "grateful",
    "불안/걱정": "worried",
    "안타까움/실망": "disappointed",
    "기쁨": "delighted",
}
"""Labels of KOTE and the moods that they are here."""
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What was bought: customer, day since 1970, spend; fitted up to `cut`, judged up to `end`."""

    who: Ints
    day: Ints
    spend: Floats
    cut: int
    end: int


def day(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def cdnow(data: Path) -> Bought:
    """The tenth of 2,357 customers that papers use: calibration to 1997-09-30, then to 1998-06-30."""
    who, days, spend = [], [], []
    for line in (data / "cdnow" / "CDNOW_sample.txt").read_text(encoding="ascii").splitlines():
        fields = line.split()
        if len(fields) == 5:
            who.append(int(fields[1]))
            days.append((datetime.strptime(fields[2], "%Y%m%d").date() - EPOCH).days)  # noqa: DTZ007
            spend.append(float(fields[4]))
    return _bought(who, days, spend, "1997-09-30", "1998-06-30")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Invoice lines of online_retail that name a customer, without cancellations."""

    who: Ints
    what: Ints
    day: Ints
    quantity: Floats
    spend: Floats
    code: tuple[str, ...]


def retail_lines(data: Path) -> Lines:
    rows: list[tuple[str, str, str, float, float]] = []
    path = data / "online_retail" / "online_retail.csv.gz"
    with gzip.open(path, "rt", encoding="latin1", newline="") as file:
        for row in csv.DictReader(file):
            units, price = float(row["Quantity"]), float(row["UnitPrice"])
            if row["CustomerID"] and not row["InvoiceNo"].startswith("C") and units > 0 and price > 0:
                rows.append((row["CustomerID"], row["StockCode"], row["InvoiceDate"][:10], units, units * price))
    who, what, on, quantity, spend = zip(*rows, strict=True)
    names, codes = np.unique(np.array(what), return_inverse=True)
    days = {text: day(text) for text in set(on)}
    return Lines(
        who=np.unique(np.array(who), return_inverse=True)[1].astype(np.int64),
        what=codes.astype(np.int64),
        day=np.array([days[text] for text in on], dtype=np.int64),
        quantity=np.array(quantity),
        spend=np.array(spend),
        code=tuple(str(name) for name in names),
    )


def purchases(data: Path) -> Purchases:
    """All lines of online_retail that name a customer, cancellations among them, oldest first, on local days."""
    rows: list[tuple[float, str, str, str, float, float]] = []
    with gzip.open(data / "online_retail" / "online_retail.csv.gz", "rt", encoding="latin1", newline="") as file:
        for row in csv.DictReader(file):
            if row["CustomerID"]:
                at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC).timestamp()
                units = float(row["Quantity"])
                spent = units * float(row["UnitPrice"])
                rows.append((at, row["CustomerID"], row["StockCode"], row["InvoiceNo"], units, spent))
    rows.sort(key=lambda one: one[0])
    instants, who, what, order, quantity, amount = zip(*rows, strict=True)
    at_ = np.array(instants, dtype=np.float64)
    codes = [np.unique(np.array(column), return_inverse=True)[1].astype(np.int64) for column in (who, what, order)]
    return Purchases(
        customers=int(codes[0].max()) + 1,
        products=int(codes[1].max()) + 1,
        who=codes[0],
        what=codes[1],
        order=codes[2],
        at=at_,
        day=(at_ // DAY).astype(np.int64),
        hour=(at_ % DAY // 3600).astype(np.int64),
        quantity=np.array(quantity),
        amount=np.array(amount),
    )


def retail(data: Path) -> Bought:
    lines = retail_lines(data)
    return Bought(who=lines.who, day=lines.day, spend=lines.spend, cut=day("2011-06-08"), end=day("2011-12-09"))


def _bought(who: list[int], days: list[int], spend: list[float], cut: str, end: str) -> Bought:
    codes = np.unique(np.array(who), return_inverse=True)[1].astype(np.int64)
    return Bought(who=codes, day=np.array(days, dtype=np.int64), spend=np.array(spend), cut=day(cut), end=day(end))


def telco(data: Path) -> tuple[dict[str, list[str]], Ints]:
    """Columns as text without the customer's id, and who left."""
    with (data / "telco_churn" / "Telco-Customer-Churn.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in ("customerID", "Churn")]
    return {name: [row[name] for row in rows] for name in names}, np.array([row["Churn"] == "Yes" for row in rows]) * 1


def bank(data: Path) -> tuple[dict[str, list[str]], Ints]:
    """Columns as text in time order, without the call's duration, which is known only afterwards; and who agreed."""
    path = data / "bank_marketing" / "bank-additional-full.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    names = [name for name in rows[0] if name not in ("duration", "y")]
    return {name: [row[name] for row in rows] for name in names}, np.array([row["y"] == "yes" for row in rows]) * 1


def nsmc(data: Path, part: str) -> tuple[list[str], Ints]:
    with gzip.open(data / "nsmc" / f"ratings_{part}.txt.gz", "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    return [row[1] for row in rows], np.array([int(row[2]) for row in rows])


def kote(data: Path, part: str) -> tuple[list[str], Ints]:
    with (data / "kote" / f"{part}.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    columns = np.zeros((len(rows), len(KOTE)), dtype=np.int64)
    for at, row in enumerate(rows):
        columns[at, [int(label) for label in row[2].split(",")]] = 1
    return [row[1] for row in rows], columns


def uci_sentences(data: Path) -> tuple[list[str], Ints]:
    """Amazon, Yelp and IMDb sentences: none of them is among the Hu & Liu reviews."""
    texts, labels = [], []
    for name in ("amazon_cells", "yelp", "imdb"):
        for line in (data / "reviews_en" / f"{name}_labelled.txt").read_text(encoding="utf-8").split("\n"):
            if "\t" in line:
                text, label = line.rsplit("\t", 1)
                texts.append(text.strip())
                labels.append(int(label))
    return texts, np.array(labels)


def snippets(data: Path) -> tuple[list[str], Floats]:
    """VADER's Amazon snippets with their mean human rating, from -4 to 4."""
    path = data / "reviews_en" / "amazonReviewSnippets_GroundTruth.txt"
    fields = [line.rstrip("\r").split("\t") for line in path.read_text(encoding="utf-8", errors="replace").split("\n")]
    kept = [(row[2], float(row[1])) for row in fields if len(row) >= 3]
    return [text for text, _ in kept], np.array([rating for _, rating in kept])


def banking(data: Path, part: str) -> tuple[list[str], list[str]]:
    with (data / "banking77" / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [row[0] for row in rows], [row[1] for row in rows]
