"""A surface: one thing that the server is for, such as the look-up of customers."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from aiohttp.typedefs import Handler
from aiohttp.web import Application

from streams.tokens import Scope


class Route(NamedTuple):
    """A method and a path, what answers, and the scope that a token must have; None: it wants none."""

    method: str
    path: str
    handler: Handler
    scope: Scope | None


class Description(NamedTuple):
    """A part of the OpenAPI document: paths and schemas by their names."""

    paths: dict[str, Any]
    schemas: dict[str, Any]


class Surface(Protocol):
    """What a part of the server answers, says of itself, and lacks."""

    name: str

    def routes(self) -> Sequence[Route]:
        """Return what it answers; a path comes before those that are more general."""
        ...

    def description(self) -> Description:
        """Return its part of the OpenAPI document."""
        ...

    def attach(self, app: Application) -> None:
        """Let what it needs run as long as the application does."""
        ...

    async def missing(self) -> str:
        """Return what it lacks to answer, in words; empty if it lacks nothing."""
        ...
