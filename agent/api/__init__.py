"""The HTTP face (FastAPI, `/v1`): thin, no logic; what it says of itself stands in its OpenAPI document."""
