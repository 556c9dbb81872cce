"""Providers: each takes one message and says whether it was sent, refused, or whether nobody knows."""
