"""The commands of sending, journeys, approvals, resources and tools, as a person types them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.test_cli import Shell
from tests.support.sending import brand

NOW = datetime.now(UTC)
AGO = (NOW - timedelta(days=60)).isoformat()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A house with one customer who bought a lamp and agreed to e-mail; the brand approves each recommendation."""
    path = brand(tmp_path / "brand", ("# review: [book_demo]", "review: [recommend_product, win_back]  #"))
    monkeypatch.setenv("TACTFUL_PLAYBOOK", str(path))
    monkeypatch.setenv("TACTFUL_HOME", str(tmp_path / "home"))
    (tmp_path / "customers.csv").write_text(
        "customer,first_name,email,country,zone,locale,age\nann,Ann,ann@mail.example,GB,Europe/London,en,attested\n"
    )
    rows = "".join(
        f"ann,{purpose},{channel},granted,{AGO},consent\n"
        for purpose, channel in (("profiling", ""), ("marketing_processing", ""), ("ad_sending", "email"))
    )
    (tmp_path / "consents.csv").write_text("customer,purpose,channel,status,given_at,basis\n" + rows)
    (tmp_path / "transactions.csv").write_text(
        "order,customer,occurred_at,product,name,quantity,price,currency,country\n"
        f"o1,ann,{AGO},lamp,Blue Lamp,2,30.00,GBP,GB\n"
    )
    found = Shell(tmp_path)
    for what in ("customers", "consents", "transactions"):
        assert found("import", what, f"{what}.csv").returncode == 0, what
    return found


def test_a_decision_waits_for_a_person_is_approved_sent_and_told(shell: Shell) -> None:
    decided = shell.json("decide", "ann")
    assert decided["chosen"]["action"] in ("recommend_product", "win_back")
    (request,) = shell.json("approve", "list")
    effect, seen = request["effect"]["effect_id"], request["hash"]
    assert "Blue Lamp" in shell("approve", "show", effect).stdout
    assert "not what was shown" in shell("approve", "yes", effect, "--by", "Kim", "--hash", "0" * 20).stderr
    assert "approved by Kim" in shell("approve", "yes", effect, "--by", "Kim", "--hash", seen).stdout
    assert shell.json("dispatch", "--once")["counts"]["sent"] == 1
    (written,) = (shell.folder / "home" / "outbox").rglob("*.json")
    assert "Ann" in written.read_text(encoding="utf-8")
    told = shell("journey", "ann", "--lang", "en").stdout
    assert "under way" in told
    assert "next look" in told
    assert "발송" in shell("journey", "ann", "--lang", "ko").stdout
    assert "Noted." in shell("outcome", effect, "converted", "--value", "45.00").stdout
    assert "Known already." in shell("outcome", effect, "converted").stdout
    assert "reached" in shell("journey", "ann", "--lang", "en").stdout


def test_sending_stands_still_and_goes_on(shell: Shell) -> None:
    assert shell("dispatch", "pause", "--by", "Kim").stdout.strip() == "Sending stands still."
    assert shell.json("dispatch", "--once")["paused"] is True
    assert shell("dispatch", "resume", "--by", "Kim").stdout.strip() == "Sending goes on."
    assert "Nothing is unknown." in shell("dispatch", "unknown").stdout
    assert shell("dispatch", "pause").returncode == 2
    assert "say who you are" in shell("dispatch", "pause", "--by", " ").stderr


def test_tools_are_listed_and_shown_with_their_words(shell: Shell) -> None:
    names = [tool["name"] for tool in shell.json("tools", "list")]
    assert len(names) == len(set(names)) == 25
    assert "지금 가격 {{product.price}}" in shell("tools", "show", "tell_price_drop", "--lang", "ko").stdout
    for name in names:
        assert shell("tools", "show", name).stdout.startswith(f"{name}: "), name
    assert "no tool" in shell("tools", "show", "nothing").stderr


def test_doctor_says_what_keeps_messages_back(shell: Shell) -> None:
    assert shell("doctor").returncode == 0
    shell("dispatch", "pause", "--by", "Kim")
    done = shell("doctor")
    assert done.returncode == 1
    assert "FAIL  sending     it stands still" in done.stdout
    assert "tactful dispatch resume" in done.stdout
    assert "Nothing was missed." in shell("consent", "missed").stdout


def test_a_review_of_an_action_that_does_not_exist_is_refused(shell: Shell, tmp_path: Path) -> None:
    path = brand(tmp_path / "other", ("# review: [book_demo]", "review: [buk_demo]  #"))
    done = shell("doctor", TACTFUL_PLAYBOOK=str(path))
    assert "limits.review.buk_demo: no such action" in done.stdout


def test_what_customers_and_files_wrote_is_no_markup_of_ours(shell: Shell, tmp_path: Path) -> None:
    cart = tmp_path / "cart.csv"
    at = f"{datetime.now(UTC) - timedelta(hours=2):%Y-%m-%dT%H:%MZ}"
    cart.write_text(f"customer,kind,occurred_at,entity,value,currency\nann,cart_updated,{at},[/x][red],90,GBP\n")
    assert shell("import", "events", str(cart)).returncode == 0
    assert shell.json("decide", "ann")["chosen"]["entity"] == "[/x][red]"
    assert "[/x][red]" in shell("journey", "ann", "--lang", "en").stdout


def test_a_person_is_erased_and_gets_nothing_any_more(shell: Shell) -> None:
    shell("decide", "ann")
    assert shell.json("erase", "ann", "--yes")["handed_over"] == 0
    assert "no customer of this id" in shell("journey", "ann").stderr
    assert "sent" not in shell.json("dispatch", "--once")["counts"]
    assert not list((shell.folder / "home").rglob("outbox/*/*.json"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("coupons", "redeem", "NONE-0000", "--order", "o1", "--amount", "40"), "no such code"),
        (("demos", "cancel", "b_none"), "no such booking"),
        (("demos", "move", "b_none", "2026-11-23"), "no zone"),
        (("demos", "book", "e_none"), "no effect of this id"),
        (("outcome", "e_none", "viewed"), "no effect of this id"),
        (("approve", "show", "e_none0"), "no effect of this id"),
        (("dispatch", "resolve", "e_none", "arrived", "--by", "Kim"), "no effect of this id"),
    ],
)
def test_what_is_not_there_is_named_with_the_next_step(shell: Shell, words: tuple[str, ...], said: str) -> None:
    done = shell(*words)
    assert done.returncode == 1
    assert said in done.stderr
    assert "\n  " in done.stderr


def test_a_providers_settings_are_read_strictly_and_never_repeated(shell: Shell) -> None:
    for env in (
        {"TACTFUL_SMTP_URL": "mail.example:25"},
        {"TACTFUL_SMTP_URL": "smtp+plain://me:canary@mail.example"},
        {"TACTFUL_WEBHOOK_URL": "http://10.0.0.1/x", "TACTFUL_WEBHOOK_SECRET": "whsec_canary"},
        {"TACTFUL_WEBHOOK_URL": "https://h.example/x"},
    ):
        done = shell("dispatch", "--once", **env)
        assert done.returncode == 1, env
        assert "canary" not in done.stderr + done.stdout
