"""An empty seven-node LangGraph graph behind FastAPI: what any service of this make could reach on this machine."""

from __future__ import annotations

import sys
from typing import Any, TypedDict

import uvicorn
from fastapi import FastAPI
from langgraph.graph import END, START, StateGraph


class State(TypedDict, total=False):
    customer: str
    steps: int


async def step(state: State) -> State:
    return {"steps": state.get("steps", 0) + 1}


def app() -> FastAPI:
    graph: Any = StateGraph(State)
    names = [f"n{number}" for number in range(7)]
    for name in names:
        graph.add_node(name, step)
    for one, two in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(one, two)
    compiled = graph.compile()
    found = FastAPI()

    @found.post("/v1/decisions")
    async def decide(body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await compiled.ainvoke({"customer": body["customer"]})
        return answer

    @found.get("/readyz")
    async def readyz() -> dict[str, str]:
        return {"status": "ready"}

    return found


if __name__ == "__main__":
    uvicorn.run(app(), port=int(sys.argv[sys.argv.index("--port") + 1]), log_config=None, access_log=False)
