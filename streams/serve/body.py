"""Bodies of requests: bounded in bytes, after they are unpacked, and in time."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from aiohttp.web import Request, RequestPayloadError

from streams.serve.problems import ProblemError

_SECONDS = 30.0


def _take_any(_size: int) -> None:
    pass


async def read_body(request: Request, most: int, mend: str, take: Callable[[int], None] = _take_any) -> bytes:
    """Return the body of a request, unpacked. Raises ``ProblemError``: for more than ``most`` bytes, with this mend.

    ``take`` is told of so many bytes more before they are kept, and may raise a ``ProblemError``.
    """
    too_large = ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"body: it is larger than {most} bytes: {mend}", closes=True
    )
    if (request.content_length or 0) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.content.iter_any():
                if len(body) + len(chunk) > most:
                    raise too_large
                take(len(chunk))
                body += chunk
    except TimeoutError:
        told = f"body: it did not arrive within {_SECONDS:.0f} seconds: send it at once"
        raise ProblemError(HTTPStatus.REQUEST_TIMEOUT, told, closes=True) from None
    except RequestPayloadError:
        told = "body: it is not in the encoding that it is said to be"
        raise ProblemError(HTTPStatus.BAD_REQUEST, told, closes=True) from None
    except ConnectionError:  # nobody reads the answer, and nobody's log needs it
        raise ProblemError(HTTPStatus.BAD_REQUEST, "body: the connection ended within it", closes=True) from None
    return bytes(body)
