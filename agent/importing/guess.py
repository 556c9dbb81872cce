"""A first draft of a map: what the columns of somebody's export seem to mean, by their names and their cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from agent.domain.errors import ImportFileError
from agent.importing import values as v
from agent.importing.fields import REFUSALS, BadField, email
from agent.importing.files import open_source
from agent.importing.formats import FORMATS
from agent.importing.mapping import DAYS, EXTRA, MOMENTS, NUMBERS
from agent.importing.records import Layout, Record, one_line
from prompts.loading import words

SAMPLE = 500
MOST_ANSWERS = 6
"""Different cells of a column that may still be the answers to one question."""
_DATES = "date datetime timestamp time at day created createdat 일시 날짜 일자 등록일 등록일시"
_NAMES: Mapping[str, str] = {
    "customer": "customer customerid custid customerno memberno memberid member userid user clientid accountid "
    "회원번호 회원id 고객번호 고객id 고객코드 아이디 회원아이디 회원코드",
    "order": "order orderid orderno ordernumber invoice invoiceno invoiceid 주문번호 주문id 주문코드",
    "occurred_at": "orderedat orderdate invoicedate purchasedate purchasedat occurredat 주문일시 주문일 주문일자 "
    f"결제일 결제일시 구매일 구매일시 {_DATES}",
    "placed_at": f"placedat orderedat orderdate 주문일시 주문일 주문일자 {_DATES}",
    "opened_at": f"openedat received reportedat 접수일 접수일시 문의일시 {_DATES}",
    "closed_at": "closedat solvedat resolvedat 처리일 처리일시 완료일시",
    "at": f"validfrom since asof updatedat 기준일 기준일시 작성일 작성일시 적용일 {_DATES}",
    "deliver_by": "deliverby deliverydate eta 배송예정일 도착예정일",
    "product": "product sku productid productcode stockcode itemid itemcode 상품코드 상품번호 상품id 품번 제품코드",
    "name": "item productname itemname description title name storename shop 상품명 제품명 품명 매장명 지점명",
    "quantity": "qty quantity 수량 개수",
    "price": "price unitprice 단가 판매가 판매단가 가격",
    "total": "total amount linetotal 금액 결제금액 판매금액 합계",
    "currency": "currency 통화",
    "first_name": "firstname name givenname forename 이름 성함 성명 고객명 회원명",
    "email": "email emailaddress mail 이메일 메일 이메일주소",
    "phone": "phone mobile tel telephone cell phonenumber mobilenumber 휴대폰 휴대폰번호 휴대전화 핸드폰 연락처 "
    "전화번호",
    "born_on": "born bornon birth dateofbirth dob birthday birthdate 생년월일 생일",
    "country": "country countrycode 국가 국가코드",
    "region": "region 지역코드",
    "zone": "zone timezone 시간대",
    "locale": "locale language lang 언어",
    "push_token": "pushtoken devicetoken 푸시토큰",
    "kakao_id": "kakaoid 카카오id",
    "kind": "kind event eventtype type eventname action category 이벤트 행동 유형 문의유형",
    "entity": "entity target object 대상",
    "dwell_seconds": "dwellseconds dwell seconds 체류시간",
    "units": "units stock onhand inventory 재고 재고수량",
    "store": "store storeid storecode branch 매장 매장코드 지점코드",
    "latitude": "latitude lat 위도",
    "longitude": "longitude lon lng 경도",
    "shipment": "shipment shipmentid trackingno trackingnumber tracking 송장번호 운송장번호",
    "state": "state status deliverystatus 배송상태 상태",
    "case": "case caseid ticket ticketid 문의번호 접수번호 클레임번호",
    "rating": "rating stars score 평점 별점",
    "words": "words review text comment body 후기 리뷰 내용 리뷰내용",
}
_MORE = {**EXTRA, "events": ("received_at", "entity", "dwell_seconds", "value", "currency")}
_AGREEING = re.compile(r"동의|수신|consent|opt.?in|marketing|subscri", re.IGNORECASE)
_AGREED_ON = re.compile(r"가입|동의일|joined|sign|consent.*(at|date)", re.IGNORECASE)
_NAMED_CHANNELS = {
    "email": r"e-?mail|이메일|메일",
    "sms": r"sms|text|문자|휴대폰",
    "push": r"push|푸시|앱",
    "kakao": r"kakao|카카오|알림톡",
}
_YES = re.compile(r"y|yes|true|1|o|ok|동의|동의함|수신|예|agreed?|subscribed", re.IGNORECASE)
_YAML_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
_EXAMPLES = "suppressions consents signals"
"""Files that only exist in our own form: nobody's export looks like them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The file's columns with a sample of their cells."""

    cells: Mapping[str, Sequence[str]]
    layout: Layout


@dataclass(slots=True)
class Guess:
    what: str
    columns: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


def draft(path: Path, *, zone: str, country: str, currency: str, lang: str) -> str:
    """A map of the file as YAML, with what is doubtful said beside it. Raises ImportFileError."""
    seen = look(path)
    found = guess(seen)
    said = words("map", lang)
    lines = [f"# {said['head'].format(file=path.name)}", f"what: {found.what}"]
    if seen.layout.encoding not in ("utf-8-sig", None):
        lines.append(f"encoding: {seen.layout.encoding}")
    if seen.layout.delimiter not in (",", None):
        lines.append(f"delimiter: {_quoted(seen.layout.delimiter)}")
    lines.append(f"zone: {zone}{_beside(said['zone'])}")
    if dated := [ours for ours in found.columns if ours in MOMENTS | DAYS]:
        order, sure = _order([cell for ours in dated for cell in _of(seen, found, ours)])
        lines.append(f"dates: {order}" + ("" if sure else _beside(said["dates"])))
    if any(_decimal_comma(_of(seen, found, ours)) for ours in found.columns if ours in NUMBERS):
        lines.append('decimal: ","')
    if "phone" in found.columns:
        lines.append(f"country: {country}{_beside(said['country'])}")
    lines.append("columns:")
    lines += [f"  {ours}: {_quoted(theirs)}" for ours, theirs in found.columns.items()]
    lines += [f"  # {ours}:{_beside(said['needed'])}" for ours in found.missing if ours != "currency"]
    if "currency" in found.missing:
        lines += ["fixed:", f"  currency: {currency}{_beside(said['currency'])}"]
    if found.what == "customers":
        lines += [f"# {said['where']}", "# fixed:"]
        facts = (("country", country), ("zone", zone), ("locale", lang))
        lines += [f"#   {ours}: {value}" for ours, value in facts if ours not in found.columns]
    agreed = [name for name in found.unused if _is_agreement(name, seen)]
    for column in agreed:
        lines += _agreement(column, seen, said, first=column == agreed[0])
    used = {name for name in found.unused if agreed and _AGREED_ON.search(name)}
    rest = [name for name in found.unused if name not in (*agreed, *used)]
    if rest:
        lines.append(f"# {said['unused']}: {', '.join(rest)}"[:400])
    return "\n".join(lines) + "\n"


def look(path: Path) -> Seen:
    """The first rows of the file. Raises ImportFileError."""
    try:
        return _look(path, None)
    except ImportFileError as error:
        if "neither UTF-8" not in error.what:
            raise
        return _look(path, "windows-1252")


def _look(path: Path, encoding: str | None) -> Seen:
    with open_source(path, Layout(encoding=encoding)) as source:
        columns = source.columns()
        rows: list[Record] = [r for r in islice(source.records(columns), SAMPLE) if not r.fault]
        names = columns or tuple(dict.fromkeys(name for row in rows for name in row.fields))
        if not rows:
            raise ImportFileError("no row to learn from", place=path.name, next_step="Export it again, with its rows.")
        cells = {name: [_shown(row.fields.get(name)) for row in rows] for name in names if name == one_line(name)}
        return Seen(cells, source.layout)


def _shown(value: object) -> str:
    return "" if value is None else str(value).strip()


def guess(seen: Seen) -> Guess:
    """The kind of file whose columns fit best: as few as possible missing, as many as possible used."""
    guesses = [_as(what, seen) for what in FORMATS if what not in _EXAMPLES.split()]
    return min(guesses, key=lambda g: (len(g.missing) - ("currency" in g.missing), -len(g.columns)))


def _as(what: str, seen: Seen) -> Guess:
    form = FORMATS[what]
    ours = [*form.columns, *(form.more or "").split(), *_MORE.get(what, ())]
    columns: dict[str, str] = {}
    for name in ours:
        known = _NAMES.get(name, name.replace("_", "")).split()
        free = [theirs for theirs in seen.cells if theirs not in columns.values() and _plain(theirs) in known]
        free.sort(key=lambda theirs: known.index(_plain(theirs)))
        if free:
            columns[name] = free[0]
    if what == "customers":
        _by_cells(columns, seen)
    missing = [n for n in form.columns if n not in columns and not (n == "price" and "total" in columns)]
    unused = tuple(name for name in seen.cells if name not in columns.values())
    return Guess(what, columns, tuple(missing), unused)


def _by_cells(columns: dict[str, str], seen: Seen) -> None:
    """Addresses show what they are, whatever their column is called."""
    for theirs, cells in seen.cells.items():
        filled = [cell for cell in cells if cell]
        if "email" not in columns and theirs not in columns.values() and filled and all(map(_is_email, filled)):
            columns["email"] = theirs


def _is_email(cell: str) -> bool:
    try:
        return bool(email({"email": cell}))
    except BadField:
        return False


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-./()#:]+", "", name).casefold()


def _of(seen: Seen, found: Guess, ours: str) -> list[str]:
    return [cell for cell in seen.cells[found.columns[ours]] if cell]


def _order(cells: Sequence[str]) -> tuple[v.DateOrder, bool]:
    """(order of day and month, whether the cells leave no doubt)."""
    figures = [match for cell in cells if (match := re.match(r"(\d{1,2})[./-](\d{1,2})[./-](\d{2,4})\b", cell))]
    if not figures:
        return "ymd", True
    if any(int(match[1]) > 31 for match in figures) and all(len(match[3]) == 2 for match in figures):
        return "ymd", True
    first, second = (max(int(match[n]) for match in figures) for n in (1, 2))
    if first > 12 >= second:
        return "dmy", True
    return ("mdy", True) if second > 12 >= first else ("dmy", False)


def _decimal_comma(cells: Sequence[str]) -> bool:
    return any(re.fullmatch(r"[^\d]*\d[\d.]*,\d{1,2}[^\d]*", cell) for cell in cells)


def _answers(column: str, seen: Seen) -> list[str]:
    return sorted({cell for cell in seen.cells[column] if cell})


def _is_agreement(column: str, seen: Seen) -> bool:
    return bool(_AGREEING.search(column)) and 1 <= len(_answers(column, seen)) <= MOST_ANSWERS


def _channels(column: str) -> list[str]:
    """What the column's name says of a channel; e-mail where it says none, for the marketer to correct."""
    found = [channel for channel, pattern in _NAMED_CHANNELS.items() if re.search(pattern, column, re.IGNORECASE)]
    return found or ["email"]


def _agreement(column: str, seen: Seen, said: Mapping[str, str], first: bool) -> list[str]:
    """A consent is never guessed: the draft shows how to say it, as a comment."""
    answers = _answers(column, seen)
    yes = [a for a in answers if _YES.fullmatch(a)]
    no = [a for a in answers if a.casefold() in REFUSALS]
    rest = [a for a in answers if a not in (*yes, *no)]
    dated = next((name for name in seen.cells if _AGREED_ON.search(name)), "")
    return [
        f"# {said['agreed'].format(column=column)}",
        *(["# consents:"] if first else []),
        f"#   - column: {_quoted(column)}",
        "#     purpose: ad_sending",
        f"#     channels: [{', '.join(_channels(column))}]{_beside(said['channels'])}",
        f"#     granted: [{', '.join(map(_quoted, yes))}]"
        + (_beside(f"{said['rest']}: {', '.join(rest)}") if rest else ""),
        *([f"#     withdrawn: [{', '.join(map(_quoted, no))}]"] if no else []),
        f"#     given_at: {_quoted(dated) if dated else '...'}{_beside(said['given_at'])}",
    ]


def _beside(comment: str) -> str:
    return f"   # {comment}"


def _quoted(text: str) -> str:
    """As YAML reads it back as this very text."""
    if re.fullmatch(r"[A-Za-z가-힣][\w가-힣 ]*", text) and text.casefold() not in _YAML_WORDS:
        return text.strip()
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'
