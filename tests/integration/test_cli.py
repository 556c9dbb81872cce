"""The command line as a person meets it: plain errors, exit codes, JSON."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.cli.app import main

ROOT = Path(__file__).parents[2]


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


class Shell:
    """Runs `tactful` in a folder of its own, in this process: starting Python anew each time would cost two seconds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str, **env: str) -> Done:
        out, err = io.StringIO(), io.StringIO()
        code = 0
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["tactful", *words])
            for name, value in ({"COLUMNS": "120"} | env).items():
                patch.setenv(name, value)
            try:
                main()
            except SystemExit as left:
                code = left.code if isinstance(left.code, int) else 0
        return Done(code, out.getvalue(), err.getvalue())

    def json(self, *words: str) -> Any:
        done = self(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


CUSTOMERS = (
    "customer,first_name,email,country,zone,locale,age\n"
    "1,Ann,ann@mail.example,GB,Europe/London,en,attested\n"
    "2,Bob,bob@mail.example,GB,Europe/London,en,attested\n"
)
CONSENTS = "customer,purpose,channel,status,given_at\n" + "".join(
    f"1,{purpose},{channel},granted,2026-01-01T00:00Z\n"
    for purpose, channel in (("profiling", ""), ("marketing_processing", ""), ("ad_sending", "email"))
)
ORDERS = (
    "order,customer,occurred_at,product,name,quantity,price,currency\nO1,1,2026-08-01T10:00Z,P1,Blue Lamp,2,20.00,GBP\n"
)
AS_OF = "2026-11-20T11:00+00:00"


@pytest.fixture
def shop(shell: Shell) -> Shell:
    """A folder with two customers: one agreed to everything, one to nothing."""
    for name, text in (("customers", CUSTOMERS), ("consents", CONSENTS), ("transactions", ORDERS)):
        (shell.folder / f"{name}.csv").write_text(text, encoding="utf-8")
        done = shell("import", name, f"{name}.csv")
        assert done.returncode == 0, done.stderr
    return shell


def test_a_first_real_use(shop: Shell) -> None:
    offered = shop.json("decide", "1", "--as-of", AS_OF)
    assert offered["summary"] in ("recommend_product by email", "hold: holdout")
    held = shop("decide", "2", "--as-of", AS_OF)
    assert held.returncode == 0
    assert "no_consent" in held.stdout
    name = offered["decision_id"]
    explained = shop("explain", name[:8])
    assert name in explained.stdout
    assert "uk-pecr-consent" in explained.stdout
    assert shop.json("explain", name)["candidates"] == offered["candidates"]
    assert shop("replay", name).stdout.strip().endswith("the same decision, from the recorded inputs.")
    everyone = shop.json("decide", "--all", "--as-of", AS_OF)
    assert everyone["decisions"] == 2
    matrix = shop.json("explain", "--matrix")
    assert sum(matrix["hold"].values()) == 4
    assert shop("explain", "--matrix").returncode == 0


def test_a_key_gives_the_same_decision_again(shop: Shell) -> None:
    first = shop.json("decide", "1", "--trigger", "mail-42", "--as-of", AS_OF)
    assert shop.json("decide", "1", "--trigger", "mail-42", "--as-of", AS_OF) == first
    assert shop.json("decide", "1", "--as-of", AS_OF)["decision_id"] != first["decision_id"]


def test_a_withdrawal_is_honoured_at_once(shop: Shell) -> None:
    assert "16 entries" in shop("consent", "withdraw", "1").stdout
    assert shop.json("decide", "1")["hold"]["reason"] == "no_consent"
    assert [e["consent"]["status"] for e in shop.json("consent", "show", "1")][-1] == "withdrawn"
    assert shop("consent", "grant", "1", "--purpose", "ad_sending", "--channel", "email").returncode == 0
    assert shop.json("decide", "1")["hold"]["reason"] == "no_consent"


def test_a_withdrawal_may_name_a_channel(shop: Shell) -> None:
    done = shop.json("consent", "withdraw", "1", "--channel", "email")
    said = [(r["consent"]["purpose"], r["consent"]["channel"]) for r in done["receipts"]]
    assert said == [("ad_sending", "email"), ("night", "email")]


def test_columns_that_nothing_reads_are_named(shop: Shell, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("customer,first_name,e-mail\n77,Ann,ann@mail.example\n")
    assert "not used: column 'e-mail'" in shop("import", "customers", str(file)).stdout
    assert shop.json("import", "customers", str(file))["unused_columns"] == ["e-mail"]


def test_tenants_are_apart(shop: Shell) -> None:
    done = shop("decide", "1", "--tenant", "rival")
    assert done.returncode == 1
    assert "no customer of this id" in done.stderr


def test_a_brand_of_ones_own(shell: Shell) -> None:
    assert "tactful doctor" in shell("init", "shop", "--lang", "ko").stdout
    own = Shell(shell.folder / "shop")
    checks = {c["check"]: c for c in own.json("doctor")}
    assert all(c["ok"] for c in checks.values())
    assert checks["playbook"]["found"] == "온결 (KR, KRW)"
    (own.folder / "extra.md").write_text(
        "---\nbrand: 온결\nlocale: ko\ntopic: gift\n---\n# 선물 포장\n\n보자기로 포장합니다.\n", encoding="utf-8"
    )
    before = own.json("guidelines", "list")["version"]
    assert own.json("guidelines", "add", "extra.md")["files"] == {"extra.md": 1}
    assert own.json("guidelines", "list")["version"] != before
    assert own.json("guidelines", "search", "보자기 포장")[0]["passage_id"] == "extra.md#선물-포장"
    (own.folder / "guidelines" / "extra.md").unlink()
    assert own.json("guidelines", "list")["version"] == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("margin: 0.35", "margin: 35", "economy.margin"),
        ("margin: 0.35", "margn: 0.35", "economy.margin"),
        ("packs: [kr, uk, eu, us, ca, jp]", "packs: []", "packs"),
        ("packs: [kr, uk, eu, us, ca, jp]", "packs: [kr, moon]", "no such pack: moon"),
        ("zone: Europe/London  ", "zone: London  ", "zone"),
        ("  offer_chat:", "  offer_moon:", "actions.offer_moon"),
        ("rate: 0.09", "rate: 1.9", "actions.offer_chat.response.rate"),
        ("currency: GBP", "currency: pounds", "currency"),
        ("brand:", "brand: [", ""),
    ],
)
def test_a_bad_playbook_is_refused_with_file_line_and_field(shell: Shell, old: str, new: str, said: str) -> None:
    shell("init", "shop")
    own = Shell(shell.folder / "shop")
    path = own.folder / "playbook.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = own("doctor")
    assert done.returncode == 1
    assert "FAIL" in done.stdout
    assert said in done.stdout
    assert "playbook.yaml" in done.stdout
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("decide",), 2, "name a customer"),
        (("decide", "1", "--all"), 2, "name a customer"),
        (("decide", "nobody"), 1, "no customer of this id"),
        (("decide", "1", "--as-of", "yesterday"), 1, "not an ISO 8601 time"),
        (("decide", "1", "--as-of", "2026-11-20T11:00"), 1, "no zone"),
        (("decide", "1", "--lang", "fr"), 1, "ko or en"),
        (("decide", "1", "--tenant", "../x"), 1, "tenant"),
        (("explain",), 2, "name a decision"),
        (("explain", "d_nothing"), 1, "no decision of this id"),
        (("replay", "d_nothing"), 1, "no decision of this id"),
        (("import", "moons", "x.csv"), 2, "choose one of"),
        (("import", "customers", "none.csv"), 1, "no such file"),
        (("consent", "grant", "1", "--purpose", "peace"), 2, "one of profiling"),
        (("consent", "grant", "1", "--purpose", "ad_sending"), 2, "needed for ad_sending"),
        (("guidelines", "add", "none.md"), 1, "init"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_errors_are_plain_and_say_what_to_do(shop: Shell, words: tuple[str, ...], code: int, said: str) -> None:
    done = shop(*words)
    assert done.returncode == code
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_init_leaves_a_folder_that_is_not_empty_alone(shop: Shell) -> None:
    done = shop("init", ".")
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert not (shop.folder / "playbook.yaml").exists()


def test_a_bad_setting_is_named_and_its_value_kept_quiet(shell: Shell) -> None:
    done = shell("doctor", TACTFUL_DEADLINE_SECONDS="canary")
    assert done.returncode == 1
    assert "TACTFUL_DEADLINE_SECONDS" in done.stderr
    assert "canary" not in done.stderr
    done = shell("doctor", TACTFUL_DATABASE_URL="mysql://root:canary@host/db")
    assert done.returncode == 1
    assert "canary" not in done.stdout + done.stderr


def test_an_unreachable_model_costs_nothing_but_the_words(shop: Shell) -> None:
    """Nobody listens on the discard port: the engine decides, and the cause is on the record."""
    done = shop(
        "decide", "1", "--as-of", AS_OF, "--json", TACTFUL_MODEL_NAME="none", TACTFUL_MODEL_URL="http://127.0.0.1:9/v1"
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    if found["chosen"]:
        assert found["degraded"]
        assert found["cause"] == "connection"


def test_help_is_quick_to_read_and_names_every_command(shell: Shell) -> None:
    text = shell("--help").stdout
    for command in ("demo", "init", "import", "decide", "explain", "replay", "guidelines", "consent", "doctor"):
        assert command in text


def test_help_loads_neither_graph_nor_index_nor_database() -> None:
    heavy = ("langgraph", "chromadb", "langchain_core", "sqlalchemy", "numpy", "pydantic")
    code = f"import sys, agent.cli.app; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_rules_can_be_listed_shown_and_run(shell: Shell) -> None:
    listed = shell.json("rules", "list")
    assert {r["status"] for r in listed} == {"enforced", "timer", "kept", "not_enforced"}
    assert all(r["why"] for r in listed)
    shown = shell.json("rules", "show", "kr-night-block", "--lang", "ko")
    assert shown["parameters"]["closes"] == "21:00"
    assert all(case["passed"] for case in shown["cases"])
    assert "2026-11-20T20:59:59+09:00" in shell("rules", "show", "kr-night-block").stdout
    assert shell.json("rules", "test", "kr")["failed"] == []
    assert "not legal advice" in shell("rules", "list", "--pack", "uk").stdout
    assert "법률 자문이 아닌" in shell("rules", "list", "--pack", "uk", "--lang", "ko").stdout


@pytest.mark.parametrize("words", [("show", "no-rule"), ("test", "no-pack"), ("list", "--pack", "moon")])
def test_a_rule_that_does_not_exist_is_answered_with_the_next_step(shell: Shell, words: tuple[str, ...]) -> None:
    done = shell("rules", *words)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: no ")
    assert "Traceback" not in done.stderr


def test_what_a_customer_says_is_heard_and_what_the_law_asks_is_listed(shop: Shell) -> None:
    heard = shop.json("consent", "hear", "1", "sms", "please STOP writing")
    assert heard["hearing"]["heard"] == "refuse"
    assert len(heard["receipts"]) == 2
    receipt = heard["receipts"][0]["receipt_id"]
    assert receipt in shop("consent", "receipt", receipt).stdout
    assert shop("consent", "duties", "1").returncode == 0
    assert "I am an AI" in shop("consent", "hear", "1", "chat", "are you human?").stdout
    assert shop("consent", "receipt", "r_none").returncode == 1


def test_a_grant_states_what_it_rests_on(shop: Shell) -> None:
    grant = ("consent", "grant", "1", "--purpose", "ad_sending", "--channel", "sms", "--basis", "existing_deal")
    refused = shop(*grant)
    assert refused.returncode == 1
    assert "the day it ended" in refused.stderr
    done = shop.json(*grant, "--deal-ended", "2026-11-01T00:00+00:00", "--condition", "own_goods")
    assert done["receipts"][0]["consent"]["conditions"] == ["own_goods"]
    assert (
        shop("consent", "grant", "1", "--purpose", "ad_sending", "--channel", "sms", "--basis", "whim").returncode == 2
    )


def test_fairness_is_audited_from_a_file_that_is_not_kept(shop: Shell) -> None:
    shop("decide", "--all", "--as-of", AS_OF)
    path = shop.folder / "attributes.csv"
    path.write_text("customer,gender\n1,f\n2,m\nnobody,f\n", encoding="utf-8")
    report = shop.json("audit", "fairness", str(path))
    assert {line["finding"] for line in report["lines"]} <= {"too few"}
    assert "속성" in shop("audit", "fairness", str(path), "--lang", "ko").stdout
    path.write_text("name\nx\n", encoding="utf-8")
    assert shop("audit", "fairness", str(path)).returncode == 1
