"""The picture of the decision graph for the docs: `python -m evals.picture > docs/graph.md`."""

from __future__ import annotations

import sys
from typing import Any

from agent.graph.build import Steps, build


def mermaid() -> str:
    """The compiled graph as Mermaid, drawn by LangGraph itself."""
    nothing: Any = None
    graph = build(Steps(env=nothing, snapshots=nothing, commit_port=nothing, decider=None, deadline=1.0))
    return graph.get_graph().draw_mermaid(with_styles=False)


PAGE = """# The decision graph

Drawn by `python -m evals.picture > docs/graph.md` from the compiled graph; a test holds this page against it.

```mermaid
{picture}
```

`sense` loads one snapshot and computes the signals that consent permits. `recall` finds the brand's passages.
`weigh` gives every treatment one disposition, scores and ranks. `propose` asks the decider; `act` runs the tool it
called, which is pure; `guard` judges the finished words. What the guard refuses goes back: a model's words to the
engine, the engine's candidate to the next one, and at last to silence. `commit` writes everything in one transaction,
or nothing: a conflict goes back to `sense`.
"""

if __name__ == "__main__":
    sys.stdout.write(PAGE.format(picture=mermaid().strip()))
