"""Worlds: simulated customers, what they do by themselves, and how they answer."""
