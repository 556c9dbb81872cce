"""Brand knowledge in a real Chroma."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from agent.domain.errors import GuidelineError, StoreError
from agent.domain.guideline import GuidelineQuery, Passage
from agent.guidelines.index import ChromaIndex, connect
from agent.guidelines.reading import parse, read_folder, version_of
from agent.guidelines.terms import hashed, terms
from prompts.loading import STARTER
from tests.support.people import TENANT

DAY = date(2026, 11, 20)


def index(folder: Path, passages: tuple[Passage, ...]) -> ChromaIndex:
    return ChromaIndex(connect(folder / "chroma"), TENANT, passages)


def starter(locale: str) -> tuple[Passage, ...]:
    return read_folder(STARTER / locale / "guidelines")


@pytest.mark.parametrize(
    ("locale", "words", "expected"),
    [
        ("ko", "장바구니에 담아 둔 상품", "coupons.md#장바구니"),
        ("ko", "사과할 때 첫 문장", "complaints.md#사과하기"),
        ("ko", "시연 시간을 바꾸거나 취소", "demo.md#개인-시연-잡기"),
        ("en", "abandoned cart reminder", "coupons.md#abandoned-carts"),
        ("en", "say sorry first", "complaints.md#apologising"),
        ("en", "countdowns and capital letters", "voice.md#what-we-never-do"),
    ],
)
def test_a_question_finds_the_passage_that_answers_it(tmp_path: Path, locale: str, words: str, expected: str) -> None:
    (first, *_) = index(tmp_path, starter(locale)).find(GuidelineQuery(locale=locale, day=DAY, words=words))
    assert first.passage.passage_id == expected


def test_a_passage_that_names_the_action_stands_before_general_ones(tmp_path: Path) -> None:
    found = index(tmp_path, starter("ko")).find(
        GuidelineQuery(locale="ko", day=DAY, action="offer_coupon", words="offer coupon")
    )
    assert [f.passage.path for f in found] == ["coupons.md", "coupons.md", "voice.md"]


def guideline(head: str, body: str = "# One\n\nText of one.\n\n## Two\n\nText of two.\n") -> str:
    return f"---\nbrand: B\nlocale: en\ntopic: t\n{head}---\n{body}"


def test_filters_hold_locale_channel_action_topic_and_dates(tmp_path: Path) -> None:
    passages = (
        *parse(guideline("channels: [sms]\n"), "sms.md"),
        *parse(guideline("actions: [offer_chat]\n"), "chat.md"),
        *parse(guideline("valid_from: 2026-12-01\n"), "later.md"),
        *parse(guideline("valid_to: 2026-11-19\n"), "over.md"),
        *parse(
            guideline("valid_from: 2026-11-20\nvalid_to: 2026-11-20\n").replace("topic: t", "topic: today"), "today.md"
        ),
    )
    made = index(tmp_path, passages)

    def paths(**wanted: str) -> set[str]:
        return {
            f.passage.path for f in made.find(GuidelineQuery(locale="en", day=DAY, limit=20, words="text", **wanted))
        }

    assert paths() == {"sms.md", "chat.md", "today.md"}
    assert paths(channel="email") == {"chat.md", "today.md"}
    assert paths(action="book_demo") == {"sms.md", "today.md"}
    assert paths(topic="today") == {"today.md"}
    assert made.find(GuidelineQuery(locale="ko", day=DAY, words="text")) == ()


def test_a_changed_or_deleted_file_changes_the_index(tmp_path: Path) -> None:
    folder = tmp_path / "guidelines"
    folder.mkdir()
    (folder / "a.md").write_text(guideline(""), encoding="utf-8")
    (folder / "b.md").write_text(guideline("", "# Bees\n\nBees hum.\n"), encoding="utf-8")
    first = index(tmp_path, read_folder(folder))
    (folder / "a.md").write_text(guideline("", "# One\n\nQuite another text.\n"), encoding="utf-8")
    (folder / "b.md").unlink()
    second = index(tmp_path, read_folder(folder))
    assert first.version != second.version
    found = second.find(GuidelineQuery(locale="en", day=DAY, words="bees hum", limit=9))
    assert [f.passage.text for f in found] == ["Quite another text."]


def test_a_second_opening_finds_the_index_ready(tmp_path: Path) -> None:
    client = connect(tmp_path / "chroma")
    ChromaIndex(client, TENANT, starter("en"))
    names = [c.name for c in client.list_collections()]
    again = ChromaIndex(client, TENANT, starter("en"))
    assert [c.name for c in client.list_collections()] == names
    assert again.find(GuidelineQuery(locale="en", day=DAY, words="say sorry first"))


def test_a_relative_home_means_another_index_in_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, passages in (("one", starter("en")), ("two", starter("ko"))):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        ChromaIndex(connect(Path("home") / "chroma"), TENANT, passages)
        assert (tmp_path / name / "home" / "chroma" / "chroma.sqlite3").exists()


def test_a_brand_without_guidelines_finds_nothing(tmp_path: Path) -> None:
    assert index(tmp_path, ()).find(GuidelineQuery(locale="en", day=DAY, words="anything")) == ()


def test_a_folder_that_is_no_index_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "chroma").write_text("not a folder")
    with pytest.raises(StoreError) as error:
        connect(tmp_path / "chroma")
    assert "rebuilt" in error.value.next_step


def test_passage_ids_are_stable_and_duplicates_are_numbered() -> None:
    passages = parse(guideline("", "Before.\n\n# A b!\n\nx\n\n# A b\n\ny\n\n# Empty\n"), "f/g.md")
    assert [p.passage_id for p in passages] == ["f/g.md#g", "f/g.md#a-b", "f/g.md#a-b-2"]
    assert version_of(tuple(passages)) == version_of(
        tuple(parse(guideline("", "Before.\n\n# A b!\n\nx\n\n# A b\n\ny\n"), "f/g.md"))
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("# No head\n\ntext", "g.md:1"),
        ("---\nbrand: B\nlocale: en\n---\ntext", "g.md:2"),
        ("---\nbrand: B\nlocale: fr\ntopic: t\n---\ntext", "g.md:3"),
        ("---\nbrand: B\nlocale: en\ntopic: t\nchanels: [sms]\n---\ntext", "g.md:5"),
        ("---\nbrand: [\n---\ntext", "g.md:3"),
    ],
)
def test_a_broken_front_matter_is_refused_with_its_line(text: str, place: str) -> None:
    with pytest.raises(GuidelineError) as error:
        parse(text, "g.md")
    assert error.value.place == place


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"---\nbrand: \xff\xfe\n---\n")
    with pytest.raises(GuidelineError, match="UTF-8"):
        read_folder(tmp_path)


def test_terms_follow_the_script() -> None:
    assert terms("The lamp glows") == {"lamp": 1, "glows": 1, "lamp glows": 1}
    assert terms("장바구니") == {"장바": 1, "바구": 1, "구니": 1}
    assert abs(float((hashed("blue lamp") ** 2).sum()) - 1) < 1e-6
    assert not hashed("").any()


def test_dates_stay_dates() -> None:
    (one, _) = parse(guideline("valid_from: 2026-11-20\n"), "g.md")
    assert one.valid_from == DAY
    assert one.valid_from + timedelta(days=1) == date(2026, 11, 21)
