"""Seeded draws of a simulation: the same seed and key give the same numbers, in whatever order they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from agent.decisioning.choice import HashRng


@dataclass(frozen=True, slots=True)
class Draws:
    """`arm` is '' where all policies share their draws, or names the policy that has draws of its own."""

    seed: int
    arm: str = ""

    def table(self, *key: str) -> np.random.Generator:
        """A generator for many numbers at once (Philox, Salmon et al., SC 2011), keyed by seed and key."""
        said = "\x1f".join(("world", self.arm, *key))
        hashed = blake2b(said.encode(), digest_size=16, key=self.seed.to_bytes(16, "big")).digest()
        return np.random.Generator(np.random.Philox(key=int.from_bytes(hashed, "big")))

    def rng(self) -> HashRng:
        """Single numbers in [0, 1), by key."""
        return HashRng(f"simulation:{self.seed}:{self.arm}")
