"""What can be said of each tool: for people who read a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from agent.domain.action import Action
from agent.domain.errors import NotFound
from agent.domain.playbook import Playbook
from agent.domain.ports import Toolset
from prompts.loading import templates

SILENT = {"kind": "silence", "channels": [], "goal": "", "in_playbook": True}
"""What can be said of a tool that does nothing."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools as one tenant's playbook uses them."""

    toolset: Toolset
    actions: Mapping[str, Action]
    playbook: Playbook

    def all(self) -> list[dict[str, Any]]:
        """Every tool with its kind, channels and goal, and whether the playbook uses it."""
        names = [schema["function"]["name"] for schema in self.toolset.schemas()]
        return [
            self._described(self.actions[name]) if name in self.actions else {"name": name, **SILENT} for name in names
        ]

    def one(self, name: str) -> dict[str, Any]:
        """One tool with its terms and templates; of those that stay silent only what they are for. Raises NotFound."""
        action = self.actions.get(name)
        schemas = {s["function"]["name"]: s["function"] for s in self.toolset.schemas()}
        if name not in schemas:
            raise NotFound(f"no tool {name}", next_step="See `tactful tools list`.")
        told = {"description": schemas[name]["description"], "arguments": schemas[name]["parameters"]}
        if action is None:
            return {"name": name, **SILENT, **told, "templates": []}
        words = [
            {"locale": locale, "because": because, "channel": channel, **asdict(template)}
            for locale, tool, because, channel, template in templates()
            if tool == name
        ]
        terms = self.playbook.actions.get(name)
        called_for, said = self.toolset.called_for(name)
        return (
            self._described(action)
            | told
            | {
                "called_for": called_for,
                "said": said,
                "half_life_hours": action.half_life_hours,
                "expires_hours": action.expires_hours,
                "terms": f"{terms.response.rate:.1%} respond, costs {terms.cost}" if terms else "",
                "templates": words,
            }
        )

    def _described(self, action: Action) -> dict[str, Any]:
        return {
            "name": action.name,
            "kind": str(action.kind),
            "channels": [str(channel) for channel in action.channels],
            "goal": str(action.goal) if action.goal else "",
            "in_playbook": action.name in self.playbook.actions,
        }
