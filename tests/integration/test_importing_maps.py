"""Files as shops export them: their own columns, encodings, dates and numbers, through a small map."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import func, select

from agent.domain.customer import AgeAssurance, Channel, ConsentStatus, Purpose, Snapshot
from agent.domain.errors import ImportFileError, StoreError
from agent.domain.imports import RowOutcome
from agent.importing.formats import FORMATS
from agent.importing.guess import draft
from agent.importing.mapping import Kind, read_map
from agent.service import Tactful
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import database_of, product
from tests.support.people import NOON

ROOT = Path(__file__).parents[2]
CUSTOMERS = """회원번호,이름,휴대폰,이메일,생년월일,가입일,광고수신동의
1,김서연,010-0000-0001,SEO@Mail.example,1990.3.5,2024.3.5,Y
2,이준,01000000002,,2015-01-01,45356,N
3,박하늘,+82 10 0000 0003,sky@mail.example,,2024-03-05,
4,최별,010-0000-0004,star@mail.example,1980-01-01,,Y
"""
MAP = """what: customers
encoding: cp949
zone: Asia/Seoul
country: KR
columns: {customer: 회원번호, first_name: 이름, phone: 휴대폰, email: 이메일, born_on: 생년월일}
fixed: {country: KR, locale: ko}
consents:
  - column: 광고수신동의
    purpose: ad_sending
    channels: [email, sms]
    granted: ["Y"]
    withdrawn: ["N"]
    given_at: 가입일
"""


@pytest.fixture
def tactful(tmp_path: Path) -> Tactful:
    return product(tmp_path / "home", Database(f"sqlite:///{tmp_path}/t.db"), StoppedClock(), CountingIds())


def write(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def seen(tactful: Tactful, who: str) -> Snapshot:
    (found,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find(who)], NOON)
    return found


def count(tactful: Tactful, table: object) -> int:
    with database_of(tactful).reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_a_korean_export_becomes_people_with_their_consents(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "회원.csv", CUSTOMERS, "cp949")
    tally = tactful.import_file(None, path, said=read_map(write(tmp_path, "m.yaml", MAP)))
    assert tally.outcomes == {RowOutcome.TAKEN: 3, RowOutcome.QUARANTINED: 1}
    (reason,) = tally.reasons
    assert "nobody knows when" in reason
    one, two, three = (seen(tactful, who) for who in "123")
    assert (one.age, two.age, three.age) == (AgeAssurance.ATTESTED, AgeAssurance.MINOR, AgeAssurance.UNKNOWN)
    assert {(c.purpose, c.channel, c.status) for c in one.consents} == {
        (Purpose.AD_SENDING, Channel.EMAIL, ConsentStatus.GRANTED),
        (Purpose.AD_SENDING, Channel.SMS, ConsentStatus.GRANTED),
    }
    assert one.consents[0].given_at == datetime(2024, 3, 5, 3, tzinfo=UTC)
    assert {c.status for c in two.consents} == {ConsentStatus.WITHDRAWN}
    assert three.consents == ()


def test_a_row_whose_consent_cannot_be_proved_still_makes_its_customer(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "회원.csv", CUSTOMERS, "cp949")
    tactful.import_file(None, path, said=read_map(write(tmp_path, "m.yaml", MAP)))
    four = seen(tactful, "4")
    assert four.consents == ()
    assert {reach.channel for reach in four.reach} == {Channel.EMAIL, Channel.SMS}


def test_the_same_file_again_changes_nothing(tactful: Tactful, tmp_path: Path) -> None:
    path, said = write(tmp_path, "회원.csv", CUSTOMERS, "cp949"), read_map(write(tmp_path, "m.yaml", MAP))
    assert tactful.import_file(None, path, said=said).new > 0
    assert tactful.import_file(None, path, said=said).new == 0


def test_a_map_that_names_a_missing_column_says_which_and_what_there_is(tactful: Tactful, tmp_path: Path) -> None:
    said = read_map(write(tmp_path, "m.yaml", MAP.replace("phone: 휴대폰", "phone: 핸드폰")))
    with pytest.raises(ImportFileError, match=r"'핸드폰' \(columns\.phone\)") as error:
        tactful.import_file(None, write(tmp_path, "회원.csv", CUSTOMERS, "cp949"), said=said)
    assert "'휴대폰'" in error.value.next_step
    assert error.value.place == "회원.csv:1"
    assert count(tactful, t.customers) == 0


def test_a_map_without_a_needed_column_says_which(tactful: Tactful, tmp_path: Path) -> None:
    said = read_map(write(tmp_path, "m.yaml", "what: products\ncolumns: {product: SKU}\n"))
    with pytest.raises(ImportFileError, match="'name'"):
        tactful.import_file(None, write(tmp_path, "p.csv", "SKU,Title\n1,Lamp\n"), said=said)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("what: things\ncolumns: {}\n", "what"),
        ("what: customers\ncolumns: {customer: A}\nzone: Korea\n", "zone"),
        ("what: customers\ncolumns: {customer: A}\nencoding: euckr9\n", "encoding"),
        ("what: customers\ncolumns: {customer: A}\nfixed: {customer: '1'}\n", "columns and in fixed"),
        (
            "what: customers\ncolumns: {customer: A}\nconsents: [{column: B, purpose: ad_sending, granted: [Y]}]\n",
            "chan",
        ),
        (
            "what: customers\ncolumns: {customer: A}\nconsents: [{column: B, purpose: profiling, granted: ['Y']}]\n",
            "a consent without a date",
        ),
        (
            "what: events\ncolumns: {customer: A}\nconsents: [{column: B, purpose: profiling, withdrawn: ['N']}]\n",
            "only",
        ),
        ("what: customers\ncolums: {}\n", "colum"),
    ],
)
def test_a_map_that_cannot_be_meant_is_refused_with_its_line(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(ImportFileError, match=what) as error:
        read_map(write(tmp_path, "m.yaml", text))
    assert error.value.place.startswith("m.yaml:")


ORDERS = """주문번호;회원번호;주문일시;상품코드;수량;금액
A-1;1;2026.10.3 오후 2:05;P1;2;"1만 8천원"
A-2;1;2026-10-04 09:00;P1;-1;-9000
A-3;1;언젠가;P1;1;9000
"""
ORDER_MAP = """what: transactions
delimiter: ";"
zone: Asia/Seoul
columns: {order: 주문번호, customer: 회원번호, occurred_at: 주문일시, product: 상품코드, quantity: 수량, total: 금액}
fixed: {currency: KRW}
"""


def test_orders_keep_what_a_line_came_to(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "주문.csv", "\ufeff" + ORDERS)
    tally = tactful.import_file("transactions", path, said=read_map(write(tmp_path, "m.yaml", ORDER_MAP)))
    assert tally.outcomes == {RowOutcome.TAKEN: 1, RowOutcome.RETURN: 1, RowOutcome.QUARANTINED: 1}
    with database_of(tactful).reading() as connection:
        rows = connection.execute(select(t.order_lines).order_by(t.order_lines.c.order_id)).all()
    assert [row.amount_micros for row in rows] == [18_000_000_000, -9_000_000_000]
    assert rows[0].occurred_at == datetime(2026, 10, 3, 5, 5, tzinfo=UTC)


def test_a_map_is_for_one_kind_of_file(tactful: Tactful, tmp_path: Path) -> None:
    said = read_map(write(tmp_path, "m.yaml", ORDER_MAP))
    with pytest.raises(ImportFileError, match="for transactions, not for customers"):
        tactful.import_file("customers", write(tmp_path, "o.csv", ORDERS), said=said)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("packed", [False, True])
def test_korean_text_is_read_in_the_encodings_it_comes_in(
    tactful: Tactful, tmp_path: Path, encoding: str, packed: bool
) -> None:
    content = "product,name\nP1,레버 에스프레소 머신\n".encode(encoding)
    path = tmp_path / f"products.csv{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(content) if packed else content)
    assert tactful.import_file("products", path).outcomes == {RowOutcome.TAKEN: 1}
    with database_of(tactful).reading() as connection:
        assert connection.execute(select(t.products.c.name)).scalar_one() == "레버 에스프레소 머신"


def test_a_parquet_file_is_a_file_like_any_other(tactful: Tactful, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table(
        {
            "order": ["A-1", "A-2"],
            "customer": [17850.0, None],
            "occurred_at": [datetime(2026, 1, 2, 10, tzinfo=UTC)] * 2,
            "product": ["P1", "P1"],
            "quantity": [2, 1],
            "price": [Decimal("20.00"), Decimal("20.00")],
            "currency": ["GBP", "GBP"],
        }
    )
    path = tmp_path / "t.parquet"
    parquet.write_table(table, path)
    tally = tactful.import_file("transactions", path)
    assert tally.outcomes == {RowOutcome.TAKEN: 1, RowOutcome.WITHOUT_CUSTOMER: 1}
    assert tactful.find("17850")
    assert tactful.import_file("transactions", path).new == 0
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ImportFileError, match="Parquet"):
        tactful.import_file("transactions", path)


# Bad input ------------------------------------------------------------------------------------------------------------
def test_a_million_columns_are_refused_at_once(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "c.csv", ",".join(f"c{n}" for n in range(1_000_000)) + "\n")
    with pytest.raises(ImportFileError, match="1,000,000 columns"):
        tactful.import_file("customers", path)


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "e.jsonl", b"{" + b" " * 10_000_001)
    with pytest.raises(ImportFileError, match="a line of over 10,000,000"):
        tactful.import_file("events", path)


def test_half_a_gzip_keeps_its_first_half_and_goes_on_from_there(tactful: Tactful, tmp_path: Path) -> None:
    rows = "".join(f"p{n},Lamp {n * 7919 % 100_003}\n" for n in range(40_000))
    whole = gzip.compress(("product,name\n" + rows).encode())
    path = write(tmp_path, "p.csv.gz", whole[: len(whole) // 2])
    with pytest.raises(ImportFileError, match="breaks off") as error:
        tactful.import_file("products", path)
    assert "skipped" in error.value.next_step
    taken = count(tactful, t.products)
    assert 0 < taken < 40_000
    path.write_bytes(whole)
    tally = tactful.import_file("products", path)
    assert (tally.rows, tally.new) == (40_000, 40_000 - taken)


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "@SUM(A1)", "+cmd|'/C calc'!A0", "-cmd"])
def test_a_cell_that_a_spreadsheet_would_run_becomes_no_name(tactful: Tactful, tmp_path: Path, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    tally = tactful.import_file("products", write(tmp_path, "p.csv", f"product,name\nP1,{quoted}\nP2,- 4 cups\n"))
    assert tally.outcomes == {RowOutcome.QUARANTINED: 1, RowOutcome.TAKEN: 1}
    assert next(iter(tally.reasons)).startswith("name: begins like a formula")


@pytest.mark.parametrize("name", ["محمّد", "\u200fשרה\u200f", "Zoë", "अनीता", "O’Brien", "김 서연"])
def test_names_of_every_script_are_names(tactful: Tactful, tmp_path: Path, name: str) -> None:
    tally = tactful.import_file("customers", write(tmp_path, "c.csv", f"customer,first_name\n1,{name}\n"))
    assert tally.outcomes == {RowOutcome.TAKEN: 1}
    found = tactful.stores.customers.first_name(tactful.tenant, tactful.find("1"))
    assert found == name.strip("\u200f")


@pytest.mark.parametrize("name", ["a\u202egnp.exe", "Ann\u200b", "visit x.com"])
def test_names_that_would_hide_or_say_something_are_not(tactful: Tactful, tmp_path: Path, name: str) -> None:
    tally = tactful.import_file("customers", write(tmp_path, "c.csv", f"customer,first_name\n1,{name}\n"))
    assert tally.outcomes == {RowOutcome.QUARANTINED: 1}


def test_a_full_disk_loses_nothing_that_was_taken(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/t.db")
    tactful = product(tmp_path / "home", database, StoppedClock(), CountingIds())
    rows = "".join(f"{n},product_viewed,2026-01-02T10:00Z,p{n}\n" for n in range(30_000))
    path = write(tmp_path, "e.csv", "customer,kind,occurred_at,entity\n" + rows)
    limit = [0]

    def bound(connection: object, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit[0]}")  # type: ignore[attr-defined]

    from sqlalchemy import event

    with database.reading() as connection:
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    limit[0] = pages + 1_500
    event.listen(database.engine, "connect", bound)
    database.engine.dispose()
    with pytest.raises(StoreError) as error:
        tactful.import_file("events", path)
    assert "full" in str(error.value)
    assert "room" in error.value.next_step
    limit[0] = 1_000_000
    database.engine.dispose()
    taken = count(tactful, t.events)
    assert 0 < taken < 30_000
    assert taken % 5_000 == 0
    tally = tactful.import_file("events", path)
    assert (tally.rows, count(tactful, t.events)) == (30_000, 30_000)


def test_the_same_file_twice_at_once_is_taken_once(tmp_path: Path) -> None:
    rows = "".join(f"{n % 500},product_viewed,2026-01-02T10:00Z,p{n}\n" for n in range(12_000))
    write(tmp_path, "e.csv", "customer,kind,occurred_at,entity\n" + rows)
    words = [sys.executable, "-m", "agent.cli.app", "import", "events", "e.csv"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = [subprocess.Popen(words, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [run.wait() for run in runs] == [0, 0]
    database = Database(f"sqlite:///{tmp_path}/.tactful/tactful.db")
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(t.events)).scalar_one() == 12_000
        assert connection.execute(select(func.count()).select_from(t.customers)).scalar_one() == 500
    database.close()


# The draft of a map ---------------------------------------------------------------------------------------------------
def drafted(path: Path, lang: str = "ko") -> str:
    return draft(path, zone="Asia/Seoul", country="KR", currency="KRW", lang=lang)


def test_a_draft_knows_the_columns_of_a_korean_export_and_guesses_no_consent(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "회원.csv", CUSTOMERS, "cp949")
    text = drafted(path)
    said = read_map(write(tmp_path, "m.yaml", text))
    assert said.what == "customers"
    assert said.encoding == "cp949"
    assert said.columns == {
        "customer": "회원번호",
        "first_name": "이름",
        "email": "이메일",
        "phone": "휴대폰",
        "born_on": "생년월일",
    }
    assert said.consents == ()
    assert "#   - column: 광고수신동의" in text
    assert tactful.import_file(None, path, said=said).outcomes == {RowOutcome.TAKEN: 4}


def test_a_draft_of_orders_can_be_used_as_it_stands(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "주문.csv", ORDERS)
    said = read_map(write(tmp_path, "m.yaml", drafted(path)))
    assert (said.what, said.delimiter, said.fixed) == ("transactions", ";", {"currency": "KRW"})
    assert tactful.import_file(None, path, said=said).outcomes[RowOutcome.TAKEN] == 1


@pytest.mark.parametrize(
    ("dates", "order", "sure"),
    [(["25/03/2024", "01/02/2024"], "dmy", True), (["03/25/2024"], "mdy", True), (["05/03/2024"], "dmy", False)],
)
def test_a_draft_reads_the_order_of_dates_off_the_dates(
    tmp_path: Path, dates: list[str], order: str, sure: bool
) -> None:
    path = write(tmp_path, "m.csv", "Member No,Date of Birth\n" + "".join(f"1,{day}\n" for day in dates))
    (line,) = [line for line in drafted(path, "en").splitlines() if line.startswith("dates:")]
    assert line.startswith(f"dates: {order}")
    assert ("#" in line) is not sure


def test_a_draft_of_hostile_headers_is_still_a_map(tmp_path: Path) -> None:
    path = write(tmp_path, "h.csv", 'customer,"e-mail: # [x]\n# y"," =cmd|x"\n1,a@b.example,2\n')
    assert read_map(write(tmp_path, "m.yaml", drafted(path))).columns["email"].startswith("e-mail")


# Published sets -------------------------------------------------------------------------------------------------------
DATA = Path(os.environ.get("TACTFUL_DATA", ROOT.parent / "shared" / "data"))
needs_data = pytest.mark.skipif(not (DATA / "cdnow").exists(), reason="set TACTFUL_DATA to a folder with the sets")


@needs_data
def test_cdnow_is_taken_to_the_cent(tactful: Tactful) -> None:
    tally = tactful.import_file(None, DATA / "cdnow" / "CDNOW_sample.txt", "cdnow")
    assert tally.outcomes == {RowOutcome.TAKEN: 6_919}
    with database_of(tactful).reading() as connection:
        total = connection.execute(select(func.sum(t.order_lines.c.amount_micros))).scalar_one()
    assert total == sum(
        round(float(line.split()[-1]) * 1_000_000)
        for line in (DATA / "cdnow" / "CDNOW_sample.txt").read_text().splitlines()
        if line.strip()
    )
    assert count(tactful, t.customers) == 2_357


@needs_data
def test_a_shop_without_dates_says_what_is_unknown_and_offers_nothing(tactful: Tactful) -> None:
    tally = tactful.import_file(None, DATA / "tau2_retail" / "db.json", "tau2-retail")
    assert tally.outcomes == {RowOutcome.TAKEN: 1_550}
    assert tally.unknown == ("dates", "zones", "ages", "consents", "stock")
    assert (count(tactful, t.customers), count(tactful, t.orders)) == (500, 1_000)
    assert tactful.import_file(None, DATA / "tau2_retail" / "db.json", "tau2-retail").new == 0
    found = seen(tactful, "noah_brown_6181")
    assert (found.country, found.region, found.zone, found.age) == ("US", "US-CO", None, AgeAssurance.UNKNOWN)
    assert {decision.chosen for decision in tactful.decide_all()} == {None}


@needs_data
def test_sessions_become_what_visitors_did(tactful: Tactful) -> None:
    tally = tactful.import_file(None, DATA / "otto_sample" / "train.jsonl", "otto")
    assert tally.outcomes == {RowOutcome.TAKEN: 20}
    with database_of(tactful).reading() as connection:
        kinds = set(connection.execute(select(t.events.c.kind).distinct()).scalars())
    assert kinds == {"product_viewed", "cart_updated", "purchased"}


def test_a_preset_of_another_file_says_what_it_reads(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "db.json", '{"users": 3}')
    with pytest.raises(ImportFileError, match="tau2-bench"):
        tactful.import_file(None, path, "tau2-retail")
    with pytest.raises(ImportFileError, match="one JSON document"):
        tactful.import_file("events", write(tmp_path, "e.json", "[]"))
    with pytest.raises(ImportFileError, match="no preset"):
        tactful.import_file(None, path, "shopify")


def test_reviews_are_kept_as_words_of_the_customer(tactful: Tactful, tmp_path: Path) -> None:
    rows = '1,P1,2026-01-02T10:00Z,5,"Lovely.\nSecond line"\n1,P1,2026-01-03T10:00Z,6,x\n'
    tally = tactful.import_file("reviews", write(tmp_path, "r.csv", "customer,product,at,rating,words\n" + rows))
    assert tally.outcomes == {RowOutcome.TAKEN: 1, RowOutcome.QUARANTINED: 1}
    tactful.erase(tactful.find("1"))
    assert count(tactful, t.reviews) == 0


# What a second reading found ------------------------------------------------------------------------------------------
def test_every_kind_of_file_can_be_mapped(tactful: Tactful, tmp_path: Path) -> None:
    files = {
        "products": ("sku,nm\nP1,Lamp\n", "{product: sku, name: nm}"),
        "stock": ("sku,n,t\nP1,3,2026-01-02T10:00Z\n", "{product: sku, units: n, at: t}"),
        "stores": ("s,n,la,lo\nS1,Quay,51.4,-2.5\n", "{store: s, name: n, latitude: la, longitude: lo}"),
    }
    for what, (content, columns) in files.items():
        said = read_map(write(tmp_path, "m.yaml", f"what: {what}\ncolumns: {columns}\n"))
        assert tactful.import_file(None, write(tmp_path, "f.csv", content), said=said).outcomes == {RowOutcome.TAKEN: 1}


def test_a_refusal_counts_whatever_else_is_wrong_with_its_row(tactful: Tactful, tmp_path: Path) -> None:
    two = MAP + MAP[MAP.index("  - column") :].replace("광고수신동의", "문자동의").replace("[email, sms]", "[kakao]")
    rows = "회원번호,이름,휴대폰,이메일,생년월일,가입일,광고수신동의,문자동의\n1,김서연,📞010,,,,N,\n2,이준,,,,,Y,N\n"
    tally = tactful.import_file(
        None, write(tmp_path, "c.csv", rows), said=read_map(write(tmp_path, "m.yaml", utf8(two)))
    )
    assert tally.outcomes == {RowOutcome.QUARANTINED: 2}
    assert {(c.channel, c.status) for c in seen(tactful, "1").consents} == {
        (Channel.EMAIL, ConsentStatus.WITHDRAWN),
        (Channel.SMS, ConsentStatus.WITHDRAWN),
    }
    assert [(c.channel, c.status) for c in seen(tactful, "2").consents] == [(Channel.KAKAO, ConsentStatus.WITHDRAWN)]


def utf8(said: str) -> str:
    return said.replace("encoding: cp949\n", "")


def test_a_quote_that_never_closes_stops_the_import_where_it_opens(tactful: Tactful, tmp_path: Path) -> None:
    rows = [f"p{n},Lamp\n" for n in range(1_000)]
    rows[5] = 'p5,"Lamp\n'
    with pytest.raises(ImportFileError, match="does not close") as error:
        tactful.import_file("products", write(tmp_path, "q.csv", "product,name\n" + "".join(rows)))
    assert error.value.place == "q.csv:7"


def test_a_header_writes_nothing_into_a_draft_but_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, "h.csv", 'customer,"x\nfixed:\n  age: verified\n#"\n1,2\n')
    said = read_map(write(tmp_path, "m.yaml", drafted(path)))
    assert said.fixed == {}


def test_truths_and_fine_times_of_parquet_are_read(tactful: Tactful, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    fine = pa.array([1_700_000_000_000_000_001] * 2, type=pa.timestamp("ns", tz="UTC"))
    table = pa.table({"id": [1.0, float("nan")], "ok": [False, False], "t": fine})
    parquet.write_table(table, tmp_path / "c.parquet")
    text = (
        "what: customers\ncolumns: {customer: id}\nconsents:\n"
        "  - {column: ok, purpose: profiling, granted: ['True'], withdrawn: ['False'], given_at: t}\n"
    )
    tally = tactful.import_file(None, tmp_path / "c.parquet", said=read_map(write(tmp_path, "m.yaml", text)))
    assert tally.outcomes == {RowOutcome.TAKEN: 1, RowOutcome.QUARANTINED: 1}
    assert [c.status for c in seen(tactful, "1").consents] == [ConsentStatus.WITHDRAWN]


def test_a_price_beyond_all_measure_is_refused(tactful: Tactful, tmp_path: Path) -> None:
    rows = "product,price,currency,at\nP1,9999999999999,KRW,2026-01-02T10:00Z\nP2,10,KRW,2026-01-02T10:00Z\n"
    tally = tactful.import_file("prices", write(tmp_path, "p.csv", rows))
    assert tally.outcomes == {RowOutcome.QUARANTINED: 1, RowOutcome.TAKEN: 1}


@pytest.mark.parametrize("encoding", ["rot13", "base64", "hex"])
def test_an_encoding_that_is_none_of_text_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(ImportFileError, match="encoding"):
        read_map(write(tmp_path, "m.yaml", f"what: products\nencoding: {encoding}\ncolumns: {{}}\n"))


def test_cells_are_translated_before_they_are_read(tactful: Tactful, tmp_path: Path) -> None:
    said = ORDER_MAP + 'values: {quantity: {"하나": "1"}}\n'
    path = write(tmp_path, "o.csv", ORDERS.splitlines()[0] + "\nA-1;1;2026-10-04 09:00;P1;하나;9000\n")
    tally = tactful.import_file(None, path, said=read_map(write(tmp_path, "m.yaml", said)))
    assert tally.outcomes == {RowOutcome.TAKEN: 1}


def test_a_mended_map_mends_what_it_had_misread(tmp_path: Path) -> None:
    clock = StoppedClock()
    tactful = product(tmp_path / "home", Database(f"sqlite:///{tmp_path}/t.db"), clock, CountingIds())
    path = write(tmp_path, "o.csv", "o,c,t,p,n,price\nA,1,03/04/2026,P,1,9\nB,1,25/04/2026,P,1,9\n")
    said = (
        "what: transactions\nzone: UTC\nfixed: {currency: GBP}\n"
        "columns: {order: o, customer: c, occurred_at: t, product: p, quantity: n, price: price}\ndates: "
    )
    tally = tactful.import_file(None, path, said=read_map(write(tmp_path, "m.yaml", said + "mdy\n")))
    assert tally.outcomes == {RowOutcome.TAKEN: 1, RowOutcome.QUARANTINED: 1}
    clock.at += timedelta(minutes=1)
    tally = tactful.import_file(None, path, said=read_map(write(tmp_path, "m.yaml", said + "dmy\n")))
    assert (tally.outcomes, tally.new) == ({RowOutcome.TAKEN: 2}, 2)
    with database_of(tactful).reading() as connection:
        days = connection.execute(select(t.order_lines.c.occurred_at).order_by(t.order_lines.c.order_id)).scalars()
        assert [f"{day:%m-%d}" for day in days] == ["04-03", "04-25"]
    assert count(tactful, t.quarantine) == 0


def test_a_row_that_stays_bad_stays_in_quarantine(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "p.csv", "product,name\nP1,=bad\nP2,Lamp\n")
    for _ in range(2):
        tactful.import_file("products", path)
        assert count(tactful, t.quarantine) == 1


def test_rows_behind_a_quote_that_opens_late_are_told_one_by_one(tactful: Tactful, tmp_path: Path) -> None:
    rows = [f"p{n},Lamp\n" for n in range(50)]
    rows[5] = 'p5,"Lamp\n'
    tally = tactful.import_file("products", write(tmp_path, "q.csv", "product,name\n" + "".join(rows)))
    assert (tally.rows, tally.outcomes) == (50, {RowOutcome.TAKEN: 5, RowOutcome.QUARANTINED: 45})


def test_json_lines_are_held_to_their_map_too(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "c.jsonl", '{"id": "1"}\n')
    for columns, what in (("{customer: id, firstname: n}", "firstname"), ("{first_name: n}", "'customer' stands")):
        said = read_map(write(tmp_path, "m.yaml", f"what: customers\ncolumns: {columns}\n"))
        with pytest.raises(ImportFileError, match=what):
            tactful.import_file(None, path, said=said)


@pytest.mark.parametrize("cell", ["거절", "X", "n", "수신거부", "Opted-Out"])
def test_a_no_counts_however_it_is_spelt(tactful: Tactful, tmp_path: Path, cell: str) -> None:
    path = write(tmp_path, "c.csv", CUSTOMERS.splitlines()[0] + f"\n1,김서연,,,,,{cell}\n")
    tactful.import_file(None, path, said=read_map(write(tmp_path, "m.yaml", utf8(MAP))))
    assert {c.status for c in seen(tactful, "1").consents} == {ConsentStatus.WITHDRAWN}


def test_a_cell_that_says_neither_yes_nor_no_is_told(tactful: Tactful, tmp_path: Path) -> None:
    path = write(tmp_path, "c.csv", CUSTOMERS.splitlines()[0] + "\n1,김서연,,,,,글쎄\n")
    tally = tactful.import_file(None, path, said=read_map(write(tmp_path, "m.yaml", utf8(MAP))))
    assert tally.outcomes == {RowOutcome.QUARANTINED: 1}
    assert tactful.find("1")


def test_every_kind_of_file_has_its_maps() -> None:
    assert set(get_args(Kind)) == set(FORMATS)
