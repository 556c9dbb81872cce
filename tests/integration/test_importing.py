"""Files as people have them: good, half good, and garbage. Every row has an outcome, and nothing is done by halves."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from agent.domain.customer import Snapshot
from agent.domain.errors import ImportFileError
from agent.domain.imports import RowOutcome, Tally
from agent.importing import run as importing
from agent.service import Tactful
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import database_of, product
from tests.support.people import NOON


@pytest.fixture
def tactful(tmp_path: Path) -> Tactful:
    return product(tmp_path / "home", Database(f"sqlite:///{tmp_path}/t.db"), StoppedClock(), CountingIds())


HEAD = "order,customer,occurred_at,product,name,quantity,price,currency\n"
GOOD = "O1,7,2026-01-02T10:00+00:00,P1,Lamp,2,20.00,GBP\n"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def snapshot(tactful: Tactful, name: str) -> Snapshot:
    (found,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find(name)], NOON)
    return found


def lines(tactful: Tactful) -> int:
    database = database_of(tactful)
    with database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(t.order_lines)).scalar_one())


def test_outcomes_add_up_to_the_rows_read(tactful: Tactful, tmp_path: Path) -> None:
    rows = [
        GOOD,
        "O2,7,2026-01-03T10:00+00:00,P1,Lamp,-1,20.00,GBP\n",
        "O3,,2026-01-03T10:00+00:00,P1,Lamp,1,20.00,GBP\n",
        "O4,7,yesterday,P1,Lamp,1,20.00,GBP\n",
        "O4,7,2026-01-03T10:00,P1,Lamp,1,20.00,GBP\n",
        "O4,7,2026-01-03T10:00Z,P1,Lamp,one,20.00,GBP\n",
        "O4,7,2026-01-03T10:00Z,P1,Lamp,1,NaN,GBP\n",
        "O4,7,2026-01-03T10:00Z,P1,Lamp,1,20.00,pounds\n",
        "O4,7,2026-01-03T10:00Z,P1,Lamp,1\n",
        "O4,7,2026-01-03T10:00Z,P1,La\x1bmp,1,20.00,GBP\n",
    ]
    tally = tactful.import_file("transactions", write(tmp_path, "t.csv", HEAD + "".join(rows)))
    assert tally.rows == len(rows) == sum(tally.outcomes.values())
    assert tally.outcomes == {
        RowOutcome.TAKEN: 1,
        RowOutcome.RETURN: 1,
        RowOutcome.WITHOUT_CUSTOMER: 1,
        RowOutcome.QUARANTINED: 7,
    }
    assert any("no time zone" in reason for reason in tally.reasons)
    assert lines(tactful) == 3


def test_equal_rows_are_different_rows_and_a_second_import_changes_nothing(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", HEAD + GOOD * 3)
    assert tactful.import_file("transactions", path).new == 3
    assert lines(tactful) == 3
    assert tactful.import_file("transactions", path).new == 0
    assert lines(tactful) == 3


def test_an_interrupted_import_can_be_run_again(
    tactful: Tactful, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 10)
    text = HEAD + "".join(GOOD.replace("O1", f"O{n}") for n in range(95))
    path = write(tmp_path, "t.csv", text)
    real, calls = tactful.stores.intake.take, []

    def interrupted(tenant: Any, rows: Any, met: Any) -> int:
        calls.append(len(rows))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(tenant, rows, met)

    monkeypatch.setattr(type(tactful.stores.intake), "take", lambda self, *said: interrupted(*said))
    with pytest.raises(KeyboardInterrupt):
        tactful.import_file("transactions", path)
    assert lines(tactful) == 30
    monkeypatch.undo()
    assert tactful.import_file("transactions", path).new == 65
    assert lines(tactful) == 95


def test_a_gzip_that_breaks_off_says_so_and_the_whole_file_heals_it(tactful: Tactful, tmp_path: Path) -> None:
    text = (HEAD + "".join(GOOD.replace("O1", f"O{n}") for n in range(30_000))).encode()
    whole = gzip.compress(text)
    with pytest.raises(ImportFileError, match="breaks off") as error:
        tactful.import_file("transactions", write(tmp_path, "t.csv.gz", whole[: len(whole) // 2]))
    assert "again" in error.value.next_step
    tactful.import_file("transactions", write(tmp_path, "t.csv.gz", whole))
    assert lines(tactful) == 30_000


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("empty.csv", "", "empty"),
        ("head.csv", HEAD, "no row"),
        ("blank.csv", "\n\n", "empty"),
        ("columns.csv", "a,b,c\n1,2,3\n", "column 'order' is missing"),
        ("twice.csv", HEAD.replace("currency", "currency,name") + GOOD, "stands twice"),
        ("latin.csv", HEAD.encode() + "O1,7,2026-01-02T10:00Z,P1,Café,2,20.00,GBP\n".encode("latin-1"), "UTF-8"),
        ("image.csv", bytes(range(256)) * 20, "UTF-8|missing|CSV"),
        ("not.csv.gz", b"not a gzip at all", "breaks off or is damaged"),
        ("table.xlsx", b"PK\x03\x04", "an Excel workbook"),
        ("picture.png", b"PNG", "does not end in"),
    ],
)
def test_garbage_is_refused_with_the_file_and_what_to_do(
    tactful: Tactful, tmp_path: Path, name: str, content: str | bytes, what: str
) -> None:
    with pytest.raises(ImportFileError, match=what) as error:
        tactful.import_file("transactions", write(tmp_path, name, content))
    assert name.split(".")[0] in error.value.place
    assert error.value.next_step
    assert lines(tactful) == 0


def test_a_folder_or_nothing_at_all_is_refused(tactful: Tactful, tmp_path: Path) -> None:
    for path, what in ((tmp_path, "folder"), (tmp_path / "none.csv", "no such file")):
        with pytest.raises(ImportFileError, match=what):
            tactful.import_file("transactions", path)
    with pytest.raises(ImportFileError, match="no preset"):
        tactful.import_file("transactions", write(tmp_path, "t.csv", HEAD + GOOD), "moon")


def test_a_bom_and_windows_lines_are_no_obstacle(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", b"\xef\xbb\xbf" + (HEAD + GOOD).replace("\n", "\r\n").encode())
    assert tactful.import_file("transactions", path).outcomes[RowOutcome.TAKEN] == 1


CUSTOMERS = "customer,first_name,email,phone,country,zone,locale,age\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("7,Ann,ann(at)x.com,,GB,Europe/London,en,attested", "email"),
        ("7,Ann,,0171 123,GB,Europe/London,en,attested", "phone"),
        ("7,Ann,,,United Kingdom,Europe/London,en,attested", "country"),
        ("7,Ann,,,GB,London,en,attested", "zone"),
        ("7,Ann,,,GB,Europe/London,fr,attested", "locale"),
        ("7,Ann,,,GB,Europe/London,en,grown-up", "age"),
        ("7,Win 50% off,,,GB,Europe/London,en,attested", "first_name"),
        ("7,{{coupon.code}},,,GB,Europe/London,en,attested", "first_name"),
        (",Ann,,,GB,Europe/London,en,attested", "customer"),
    ],
)
def test_a_customer_row_that_cannot_be_trusted_is_quarantined(
    tactful: Tactful, tmp_path: Path, row: str, reason: str
) -> None:
    tally = tactful.import_file("customers", write(tmp_path, "c.csv", CUSTOMERS + row + "\n"))
    assert tally.outcomes == {RowOutcome.QUARANTINED: 1}
    assert next(iter(tally.reasons)).startswith(reason)


def test_customers_and_consents_arrive(tactful: Tactful, tmp_path: Path) -> None:
    tactful.import_file(
        "customers",
        write(tmp_path, "c.csv", CUSTOMERS + "7.0,서연,A@X.com,+82 10-1234-5678,kr,Asia/Seoul,ko-KR,verified\n"),
    )
    consents = (
        "customer,purpose,channel,status,given_at\n"
        "7,profiling,,granted,2026-01-01T00:00+09:00\n"
        "7,ad_sending,email,granted,2026-01-01T00:00+09:00\n"
    )
    bad = (
        "7,ad_sending,,granted,2026-01-01T00:00Z\n"
        "7,profiling,sms,granted,2026-01-01T00:00Z\n"
        "7,world_peace,,granted,2026-01-01T00:00Z\n"
    )
    tally = tactful.import_file("consents", write(tmp_path, "k.csv", consents + bad))
    assert tally.outcomes == {RowOutcome.TAKEN: 2, RowOutcome.QUARANTINED: 3}
    found = snapshot(tactful, "7")
    assert (found.country, found.zone, found.locale, found.age) == ("KR", "Asia/Seoul", "ko", "verified")
    assert {r.channel for r in found.reach} == {"email", "sms"}
    assert len(found.consents) == 2


def segment(**more: Any) -> str:
    return (
        json.dumps({"type": "track", "userId": "7", "timestamp": "2026-11-20T02:00:00Z", **more}, ensure_ascii=False)
        + "\n"
    )


def test_segment_messages_become_events_and_orders(tactful: Tactful, tmp_path: Path) -> None:
    tactful.import_file(
        "consents",
        write(tmp_path, "k.csv", "customer,purpose,status,given_at\n7,profiling,granted,2026-01-01T00:00Z\n"),
    )
    bought = {
        "order_id": "O9",
        "currency": "GBP",
        "products": [{"product_id": "P1", "name": "Lamp", "price": 20, "quantity": 2}],
    }
    text = (
        segment(event="Product Viewed", properties={"product_id": "P1", "name": "Lamp", "price": 20.0, "on_sale": True})
        + segment(event="Order Completed", properties=bought)
        + segment(type="page", properties={"url": "https://x.example"})
        + segment(type="identify")
        + json.dumps({"type": "track", "anonymousId": "a", "timestamp": "2026-11-20T02:00:00Z"})
        + "\n"
        + "{broken\n[1,2]\n"
    )
    tally = tactful.import_file("events", write(tmp_path, "s.jsonl", text), "segment")
    assert tally.rows == 7
    assert tally.outcomes == {RowOutcome.TAKEN: 3, RowOutcome.QUARANTINED: 4}
    found = snapshot(tactful, "7")
    assert sorted(e.kind for e in found.events) == ["page_viewed", "product_viewed", "purchased"]
    assert found.history is not None
    assert str(found.history.net) == "40.00 GBP"
    assert tactful.import_file("events", tmp_path / "s.jsonl", "segment").new == 0


def test_received_at_is_the_files_own_word_and_decides_what_was_visible(tactful: Tactful, tmp_path: Path) -> None:
    text = HEAD.replace("currency", "currency,received_at") + GOOD.replace("GBP", "GBP,2026-11-25T00:00Z")
    tactful.import_file("transactions", write(tmp_path, "t.csv", text))
    tactful.import_file(
        "consents",
        write(tmp_path, "k.csv", "customer,purpose,status,given_at\n7,profiling,granted,2026-01-01T00:00Z\n"),
    )
    assert snapshot(tactful, "7").history is None


def test_progress_never_runs_backwards_and_ends_at_the_end(
    tactful: Tactful, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 100)
    path = write(tmp_path, "t.csv", HEAD + "".join(GOOD.replace("O1", f"O{n}") for n in range(1000)))
    seen: list[tuple[int, int, int]] = []

    def watch(position: int, size: int, tally: Tally) -> None:
        seen.append((position, size, tally.rows))

    tactful.import_file("transactions", path, progress=watch)
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    assert len(seen) == 10


EVENTS = "customer,kind,occurred_at,entity,value,currency,email\n"


def test_of_an_event_only_what_a_signal_reads_is_kept(tactful: Tactful, tmp_path: Path) -> None:
    tactful.import_file(
        "consents",
        write(tmp_path, "k.csv", "customer,purpose,status,given_at\n7,profiling,granted,2026-01-01T00:00Z\n"),
    )
    rows = (
        "7,cart_updated,2026-11-20T02:00Z,c1,60.5,GBP,kim@canary.example\n"
        "7,product_viewed,2026-11-20T02:00Z,p1,5,GBP,kim@canary.example\n"
        "7,case_opened,2026-11-20T02:00Z,,,,\n"
    )
    tally = tactful.import_file("events", write(tmp_path, "e.csv", EVENTS + rows))
    assert tally.outcomes == {RowOutcome.TAKEN: 2, RowOutcome.QUARANTINED: 1}
    found = snapshot(tactful, "7")
    assert "canary" not in repr(found)
    assert {e.kind: dict(e.properties) for e in found.events} == {
        "cart_updated": {"value": 60.5, "currency": "GBP"},
        "product_viewed": {"currency": "GBP"},
    }


def test_a_case_kind_is_one_of_a_few_words_and_never_somebodys_text(tactful: Tactful, tmp_path: Path) -> None:
    text = "".join(
        json.dumps(
            {
                "customer": "7",
                "kind": "case_opened",
                "occurred_at": "2026-11-20T02:00Z",
                "entity": f"k{n}",
                "properties": said,
            }
        )
        + "\n"
        for n, said in enumerate(({}, {"kind": "refund"}, {"kind": "call Kim 010-1234"}))
    )
    tactful.import_file("events", write(tmp_path, "e.jsonl", text))
    assert [c.kind for c in snapshot(tactful, "7").cases] == ["complaint", "refund", "other"]


@pytest.mark.parametrize("price", ["1e9999999", "1e12", "-1e400", "999999999999999999999"])
def test_a_price_beyond_this_world_is_quarantined_and_the_rest_is_taken(
    tactful: Tactful, tmp_path: Path, price: str
) -> None:
    rows = GOOD + GOOD.replace("20.00", price) + GOOD.replace("O1", "O2")
    tally = tactful.import_file("transactions", write(tmp_path, "t.csv", HEAD + rows))
    assert tally.outcomes == {RowOutcome.TAKEN: 2, RowOutcome.QUARANTINED: 1}


def test_the_same_values_under_another_header_are_other_rows(tactful: Tactful, tmp_path: Path) -> None:
    tactful.import_file("transactions", write(tmp_path, "a.csv", HEAD + GOOD))
    swapped = HEAD.replace("product,name", "name,product")
    assert tactful.import_file("transactions", write(tmp_path, "b.csv", swapped + GOOD)).new == 1


def test_reasons_never_repeat_what_stood_in_the_row(tactful: Tactful, tmp_path: Path) -> None:
    text = segment(type="canary@mail.example") + segment(
        event="Order Completed",
        properties={"order_id": "1", "currency": "canary@mail", "products": [{"product_id": "p", "price": "canary"}]},
    )
    tally = tactful.import_file("events", write(tmp_path, "s.jsonl", text), "segment")
    assert tally.outcomes == {RowOutcome.QUARANTINED: 2}
    assert "canary" not in repr(tally.reasons)


def test_a_segment_cart_is_worth_what_is_in_it(tactful: Tactful, tmp_path: Path) -> None:
    tactful.import_file(
        "consents",
        write(tmp_path, "k.csv", "customer,purpose,status,given_at\n7,profiling,granted,2026-01-01T00:00Z\n"),
    )
    inside = [{"product_id": "a", "price": 20, "quantity": 2}, {"product_id": "b", "price": 5.5}]
    text = segment(event="Cart Viewed", properties={"cart_id": "c1", "products": inside, "currency": "GBP"})
    tactful.import_file("events", write(tmp_path, "s.jsonl", text), "segment")
    (found,) = snapshot(tactful, "7").events
    assert (found.entity, found.number("value")) == ("c1", 45.5)
