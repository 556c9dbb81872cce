"""Journeys: how often, how far apart, what not again, and when to stop."""
