"""What every provider keeps to."""

SECONDS = 15.0
"""How long one answer may take (Standard Webhooks 1.0 asks senders to wait 15 to 30 seconds)."""
