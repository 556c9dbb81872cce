"""Trains the text models that come with the program, anew from public data.

    python scripts/train_texts.py [sentiment-ko sentiment-en emotions-ko intents] --data DIR

DIR holds nsmc/, kote/ and reviews_en/ (see evals/benchmarks/sets.py). The English lexicon is VADER's, from the package
vaderSentiment. Writes agent/signals/text/artefacts/*.npz, and their hashes and figures into cards.yaml beside them. The
same data give the same bytes.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
import yaml

from agent.signals.text.features import EMOTIONS, ENGLISH, KOREAN, Spec
from agent.signals.text.linear import Model, load, save
from agent.signals.text.training import Recipe, train_binary, train_intents, train_multilabel
from evals.benchmarks import sets

SHIPPED = Path(__file__).parents[1] / "agent" / "signals" / "text" / "artefacts"
SHORT = Spec(bits=20, chars=(1, 3), words=(1, 1))
SENTENCES = Recipe(penalty=1.0, min_count=1)
"""For a few hundred short sentences; `INTENTS` is for thousands."""


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Which models; all by default.")] = None,
    data: Annotated[Path, typer.Option(help="The folder of the data sets.")] = Path("../shared/data"),
) -> None:
    """Trains and writes the models, and tells their figures."""
    path = SHIPPED / "cards.yaml"
    cards: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name in names or list(MAKERS):
        model = MAKERS[name](data)
        body = save(model)
        (SHIPPED / f"{name}.npz").write_bytes(body)
        digest = sha256(body).hexdigest()
        figures = {key: round(value, 4) for key, value in JUDGES[name](load(body, name, digest), data).items()}
        cards[name] |= {"sha256": digest, "bytes": len(body), "figures": figures}
        typer.echo(f"{name}: {len(body):,} bytes, {figures}")
    head = "# What the shipped text models are. Hashes, sizes and figures are written by scripts/train_texts.py.\n"
    path.write_text(head + yaml.safe_dump(cards, allow_unicode=True, sort_keys=True, width=118), encoding="utf-8")


def korean(data: Path) -> Model:
    return train_binary(*sets.nsmc(data, "train"), KOREAN, Recipe(penalty=1.0, min_count=3, folds=3))


def english(data: Path) -> Model:
    recipe = Recipe(penalty=0.3, min_count=1, ratio=False)
    return train_binary(*sets.uci_sentences(data), ENGLISH, recipe, lexicons=[lexicon()])


def emotions(data: Path) -> Model:
    texts, columns = sets.kote(data, "val")
    picked = [sets.KOTE.index(name) for name in sets.MOODS]
    return train_multilabel(texts, columns[:, picked], list(sets.MOODS.values()), EMOTIONS, Recipe(penalty=0.4))


def intents(_: Path) -> Model:
    texts, labels = sentences()
    return train_intents(texts, labels, SHORT, SENTENCES)


def lexicon() -> dict[str, float]:
    """VADER's words with their valence (MIT)."""
    rows = (files("vaderSentiment") / "vader_lexicon.txt").read_text(encoding="utf-8").splitlines()
    return {parts[0]: float(parts[1]) for row in rows if len(parts := row.split("\t")) > 1}


def sentences() -> tuple[list[str], list[str]]:
    """Our own sentences of intents, Korean and English."""
    texts, labels = [], []
    for language in ("ko", "en"):
        path = Path(__file__).parent / f"intents.{language}.yaml"
        for intent, said in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            texts += [str(one) for one in said]
            labels += [intent] * len(said)
    return texts, labels


def _accuracy_ko(model: Model, data: Path) -> dict[str, float]:
    texts, labels = sets.nsmc(data, "test")
    return {"accuracy": float(np.mean((model.probabilities(texts)[:, 0] > 0.5) == labels))}


def _accuracy_en(model: Model, data: Path) -> dict[str, float]:
    texts, rating = sets.snippets(data)
    clear = np.abs(rating) >= 0.5
    return {"accuracy": float(np.mean((model.probabilities(texts)[:, 0] > 0.5)[clear] == (rating > 0)[clear]))}


def _f1(model: Model, data: Path) -> dict[str, float]:
    texts, columns = sets.kote(data, "test")
    found = model.predict(texts)
    figures = {}
    for label, mood in sets.MOODS.items():
        told = np.array([mood in some for some in found])
        true = columns[:, sets.KOTE.index(label)] == 1
        figures[f"f1_{mood}"] = float(2 * (told & true).sum() / (told.sum() + true.sum()))
    return figures


def _held_out(_: Model, data: Path) -> dict[str, float]:
    """Five folds of our own sentences: each judged by a model that did not see it."""
    texts, labels = sentences()
    fold = np.random.default_rng(0).permutation(len(texts)) % 5
    hits = 0
    for number in range(5):
        inside = [at for at in range(len(texts)) if fold[at] != number]
        outside = [at for at in range(len(texts)) if fold[at] == number]
        model = train_intents([texts[at] for at in inside], [labels[at] for at in inside], SHORT, SENTENCES)
        found = model.predict([texts[at] for at in outside])
        hits += sum(name == labels[at] for (name,), at in zip(found, outside, strict=True))
    return {"accuracy_held_out": hits / len(texts)}


MAKERS = {"sentiment-ko": korean, "sentiment-en": english, "emotions-ko": emotions, "intents": intents}
JUDGES = {"sentiment-ko": _accuracy_ko, "sentiment-en": _accuracy_en, "emotions-ko": _f1, "intents": _held_out}

if __name__ == "__main__":
    typer.run(main)
