"""Schemathesis, all checks, stateful, over the OpenAPI document that the API gives of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent.store.database import Database
from tests.conftest import SOAK
from tests.support.api import api, served
from tests.support.brand import regular

CONFIG = Path(__file__).parents[2] / "schemathesis.toml"
SEEDS = (1, 2, 3) if SOAK else (1,)
EXAMPLES = 60 if SOAK else 3


@pytest.mark.parametrize("seed", SEEDS)
def test_no_operation_breaks_its_contract_or_falls_over(tmp_path: Path, seed: int) -> None:
    database = Database(f"sqlite:///{tmp_path / 'api.db'}")
    house = api(tmp_path, database)
    house.tactful.take(regular("c-1001"))
    with served(house.app) as url:
        run = subprocess.run(
            [
                *(
                    str(Path(sys.executable).with_name("schemathesis")),
                    "--config-file",
                    str(CONFIG),
                ),
                *("run", f"{url}/v1/openapi.json", "--checks", "all", "--seed", str(seed), "-n", str(EXAMPLES)),
                *("--header", f"Authorization:Bearer {house.key()}", "--generation-database", "none", "--no-color"),
                *("--suppress-health-check", "all", "--warnings", "off"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    database.close()
    assert run.returncode == 0, run.stdout[-30_000:] + run.stderr[-2_000:]
