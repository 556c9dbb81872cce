"""`tactful serve` as it is started: several processes over Postgres, one over SQLite, keys from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from agent.bootstrap import open_tactful
from agent.settings import Settings
from agent.store.database import Database
from evals.benchmarks import serving
from tests.support.brand import regular

ROOT = Path(__file__).parents[2]


def tactful(home: Path, *words: str, url: str = "") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TACTFUL_HOME": str(home), "TACTFUL_DATABASE_URL": url}
    command = [sys.executable, "-m", "agent.cli.app", *words]
    return subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_processes_beside_each_other_give_one_answer_to_one_key(
    new_database: Callable[[], str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = new_database()
    store = request.node.callspec.params["new_database"]
    key = json.loads(tactful(tmp_path, "keys", "create", "crm", "--json", url=url).stdout)["key"]
    database = Database(url)
    product = open_tactful(Settings(home=tmp_path, model_name=None), database=database)
    product.take([row for n in range(5) for row in regular(f"c-{n}")])
    several = () if store == "sqlite" else ("--workers", "2")
    command = ("-m", "agent.cli.app", "serve", *several)
    with serving.serving(tmp_path, *command, TACTFUL_DATABASE_URL=url) as (place, _, _took):

        def ask(number: int) -> httpx.Response:
            headers = {"authorization": f"Bearer {key}", "idempotency-key": f"k-{number % 5}"}
            body = {"customer": f"c-{number % 5}"}
            for _ in range(50):
                found = httpx.post(f"{place}/v1/decisions", json=body, headers=headers, timeout=30)
                if found.status_code != 409:
                    break
            return found

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(40)))
    assert {a.status_code for a in answers} == {200}
    assert len({a.content for a in answers}) == 5
    keyed = [d for d in product.decisions() if d.trigger.startswith("api:")]
    assert len(keyed) == 5
    database.close()


def test_sqlite_serves_one_process(tmp_path: Path) -> None:
    refused = tactful(tmp_path, "serve", "--workers", "2")
    assert refused.returncode == 1
    assert "TACTFUL_DATABASE_URL" in refused.stderr


def test_keys_are_made_rotated_and_revoked(tmp_path: Path) -> None:
    made = tactful(tmp_path, "keys", "create", "shop", "--scope", "events", "--scope", "reader")
    assert made.stdout.startswith("tk_")
    name = made.stdout.split("_")[1]
    rotated = json.loads(tactful(tmp_path, "keys", "rotate", name, "--grace", "0", "--json").stdout)
    assert rotated["scopes"] == ["customers:read", "decisions:read", "events:write"]
    assert tactful(tmp_path, "keys", "revoke", rotated["id"]).returncode == 0
    listed = tactful(tmp_path, "keys", "list").stdout
    assert listed.count("over since") == 2
    assert made.stdout.strip().split("_")[2] not in listed
    assert "no such scope" in tactful(tmp_path, "keys", "create", "x", "--scope", "all").stderr


@pytest.mark.soak
def test_a_server_that_is_killed_again_and_again_leaves_one_effect_to_a_key(tmp_path: Path) -> None:
    """T5 with the process killed: wherever it was between effect and reply, the key's answer is the one decision."""
    keys, kills = 60, 6
    key = json.loads(tactful(tmp_path, "keys", "create", "crm", "--json").stdout)["key"]
    database = Database(f"sqlite:///{tmp_path / 'tactful.db'}")
    product = open_tactful(Settings(home=tmp_path, model_name=None), database=database)
    product.take([row for n in range(keys) for row in regular(f"c-{n}")])
    answers: dict[int, set[bytes]] = {number: set() for number in range(keys)}

    def ask(place: str, number: int) -> int:
        headers = {"authorization": f"Bearer {key}", "idempotency-key": f"k-{number}"}
        try:
            found = httpx.post(f"{place}/v1/decisions", json={"customer": f"c-{number}"}, headers=headers, timeout=10)
        except httpx.HTTPError:
            return 0
        if found.status_code == 200:
            answers[number].add(found.content)
        return found.status_code

    for kill in range(kills):
        with serving.tactful_serve(tmp_path) as (place, process, _), ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(ask, place, number) for number in range(keys)]
            time.sleep(0.05 + 0.07 * kill)
            process.kill()
            codes = {one.result() for one in asked}
            assert codes <= {0, 200, 409}
    time.sleep(61)  # what the dead held is free again
    with serving.tactful_serve(tmp_path) as (place, _, _took), ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda number: ask(place, number), range(keys))) == {200}
    assert {len(said) for said in answers.values()} == {1}
    keyed = [d for d in product.decisions() if d.trigger.startswith("api:")]
    assert len(keyed) == keys
    assert len({e.key for d in keyed for e in product.effects(d)}) == sum(len(d.effects) for d in keyed)
    database.close()
