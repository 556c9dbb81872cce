"""`tactful serve` as it is started: several processes over Postgres, one over SQLite, keys from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
