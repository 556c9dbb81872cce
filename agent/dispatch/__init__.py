"""The dispatcher: outbox to providers. Nothing else in the house speaks to the outside."""
