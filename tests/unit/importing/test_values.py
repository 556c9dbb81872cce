"""Dates, amounts and telephone numbers as people and spreadsheets write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing import values as v
from agent.importing.fields import BadField

SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    ("written", "order", "meant"),
    [
        ("2026-10-03 14:05", "ymd", "2026-10-03T14:05:00+09:00"),
        ("2026-10-03T14:05:00Z", "ymd", "2026-10-03T14:05:00+00:00"),
        ("2026.10.3 오후 2:05", "ymd", "2026-10-03T14:05:00+09:00"),
        ("2026. 10. 3. 오전 12:05:09", "ymd", "2026-10-03T00:05:09+09:00"),
        ("2026년 10월 3일 14시 5분", "ymd", "2026-10-03T14:05:00+09:00"),
        ("2026-10-03 (토) 14:05", "ymd", "2026-10-03T14:05:00+09:00"),
        ("24.3.5", "ymd", "2024-03-05T12:00:00+09:00"),
        ("20240305", "ymd", "2024-03-05T12:00:00+09:00"),
        ("20240305140500", "ymd", "2024-03-05T14:05:00+09:00"),
        ("45356", "ymd", "2024-03-05T12:00:00+09:00"),
        ("45356.5", "dmy", "2024-03-05T12:00:00+09:00"),
        ("03/10/2026 14:05", "dmy", "2026-10-03T14:05:00+09:00"),
        ("03/10/2026 2:05 PM", "mdy", "2026-03-10T14:05:00+09:00"),
        ("3 Oct 2026", "dmy", "2026-10-03T12:00:00+09:00"),
        ("Oct 3, 2026 14:05", "mdy", "2026-10-03T14:05:00+09:00"),
        ("1659304800025", "ymd", "2022-07-31T22:00:00.025000+00:00"),
    ],
)
def test_a_time_is_read_as_its_writer_meant_it(written: str, order: v.DateOrder, meant: str) -> None:
    assert v.moment("at", written, SEOUL, order) == meant


@pytest.mark.parametrize(
    "written", ["yesterday", "03/10/2026", "31.31.2026", "2026-13-01", "25:00", "2026/10/03 25:00"]
)
def test_what_is_no_date_in_this_order_is_refused(written: str) -> None:
    with pytest.raises(BadField, match=r"^at: "):
        v.moment("at", written, SEOUL, "ymd")


def test_a_birthday_of_two_figures_is_of_no_known_century() -> None:
    assert v.day("born_on", "1957-12-31", "ymd") == "1957-12-31"
    with pytest.raises(BadField, match="century"):
        v.day("born_on", "57.12.31", "ymd")


@given(st.integers(0, 5_000_000_000))
def test_a_time_written_by_excel_comes_back_to_the_second(seconds: int) -> None:
    at = datetime(1955, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    serial = (at - datetime(1899, 12, 30, tzinfo=UTC)).total_seconds() / 86_400
    read = datetime.fromisoformat(v.moment("at", f"{serial:.10f}", ZoneInfo("UTC"), "ymd"))
    assert abs((read - at).total_seconds()) < 1


@given(
    st.dates(date(2000, 1, 1), date(2068, 1, 1)),
    st.sampled_from([("ymd", "%Y.%m.%d"), ("dmy", "%d/%m/%Y"), ("mdy", "%m/%d/%y"), ("ymd", "%Y년 %m월 %d일")]),
)
def test_a_day_comes_back_in_every_order(on: object, way: tuple[Literal["ymd", "dmy", "mdy"], str]) -> None:
    written = f"{on:{way[1]}}"
    assert v.moment("at", written, ZoneInfo("UTC"), way[0])[:10] == f"{on}"


@pytest.mark.parametrize(
    ("written", "sign", "meant"),
    [
        ("648,000원", ".", "648000"),
        ("₩18,000", ".", "18000"),
        ("\\19,000", ".", "19000"),
        ("1만 8천원", ".", "18000"),
        ("1억 2,000만", ".", "120000000"),
        ("１２，０００", ".", "12000"),
        ("£389.00", ".", "389.00"),
        ("USD 12.5", ".", "12.5"),
        ("1.234,56 €", ",", "1234.56"),
        ("(3.00)", ".", "-3.00"),
        ("3-", ".", "-3"),
        ("-₩3,000", ".", "-3000"),
    ],
)
def test_an_amount_is_read_as_its_writer_meant_it(written: str, sign: v.DecimalSign, meant: str) -> None:
    assert v.amount("price", written, sign) == meant


@pytest.mark.parametrize("written", ["12,50", "1,23,456", "abc", "원", "NaN", "1e400", "", "--3"])
def test_an_amount_that_could_be_two_is_none(written: str) -> None:
    with pytest.raises(BadField, match=r"^price: "):
        v.amount("price", written, ".")


@given(st.decimals(0, 10**9, places=2, allow_nan=False))
def test_commas_and_signs_change_no_amount(value: Decimal) -> None:
    for written in (f"{value:,}", f"£{value:,}", f"{value} GBP"):
        assert Decimal(v.amount("price", written, ".")) == value


@pytest.mark.parametrize(
    ("written", "country", "meant"),
    [
        ("010-0000-1234", "KR", "+821000001234"),
        ("+82 010 1234 5678", None, "+821012345678"),
        ("0044 7700 900123", "GB", "+447700900123"),
        ("+44 (0)7700 900123", None, "+447700900123"),
        ("０１０-1234-5678", "KR", "+821012345678"),
    ],
)
def test_a_telephone_has_one_spelling(written: str, country: str | None, meant: str) -> None:
    assert v.phone("phone", written, country) == meant


@pytest.mark.parametrize("written", ["📞010-1234-5678", "0️⃣1️⃣0️⃣12345678", "1-800-FLOWERS", "010-12", "12345678901234567"])
def test_what_only_looks_like_a_telephone_is_refused(written: str) -> None:
    with pytest.raises(BadField, match=r"^phone: "):
        v.phone("phone", written, "KR")


def test_without_a_country_a_number_of_home_is_nobodys() -> None:
    with pytest.raises(BadField, match="no country says"):
        v.phone("phone", "010-1234-5678", None)
