"""The API as a command: serve."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    host: Annotated[str, typer.Option(help="Where to listen. Behind a proxy that speaks TLS, leave it.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Which port.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; more than one needs Postgres.")] = 1,
) -> None:
    """Serve the API, and do the work behind it: timers, sending, the audit's chain, webhooks."""
    from agent.bootstrap import load_settings, open_database
    from agent.domain.errors import InputError

    database = open_database(load_settings())
    if workers > 1 and database.dialect == "sqlite":
        raise InputError(
            "SQLite serves one process", place="--workers", next_step="Set TACTFUL_DATABASE_URL to a Postgres."
        )
    database.close()
    import uvicorn

    typer.echo(f"Tactful on http://{host}:{port}  (API: /v1/openapi.json, MCP: /mcp)", err=True)
    uvicorn.run(
        "agent.api.app:served",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
