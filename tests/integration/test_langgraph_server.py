"""LangGraph's own server runs our graph from `langgraph.json`, and its own SDK asks it for a decision."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from langgraph_sdk import get_client

from agent.bootstrap import open_tactful
from agent.settings import Settings
from tests.support.brand import regular

ROOT = Path(__file__).parents[2]


def test_langgraphs_sdk_gets_a_recorded_decision_from_langgraphs_server(tmp_path: Path) -> None:
    tactful = open_tactful(Settings(home=tmp_path, model_name=None))
    tactful.take(regular("g-1"))
    customer = tactful.find("g-1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("langgraph")), "dev", "--no-browser", "--no-reload"]
    server = subprocess.Popen(
        [*command, "--allow-blocking", "--port", str(port), "--config", str(ROOT / "langgraph.json")],
        cwd=ROOT,
        env={**os.environ, "TACTFUL_HOME": str(tmp_path), "LANGGRAPH_CLI_NO_ANALYTICS": "1", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/ok")
        answer = asyncio.run(ask(url, {"customer": customer, "trigger": "sdk-1", "as_of": tactful.now().isoformat()}))
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    (recorded,) = tactful.decisions()
    assert answer["decision_id"] == recorded.decision_id
    assert answer["action"] == (recorded.chosen.action if recorded.chosen else "hold")


async def ask(url: str, request: dict[str, Any]) -> dict[str, Any]:
    async with get_client(url=url) as client:
        found = await client.runs.wait(None, "decision", input=request)
    assert isinstance(found, dict)
    return found


def wait_for(url: str) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError("the server did not start")
