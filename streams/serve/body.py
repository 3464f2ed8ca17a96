"""Bodies of requests: bounded in bytes, after they are unpacked, and in time."""

import asyncio
from http import HTTPStatus

from aiohttp.web import Request, RequestPayloadError

from streams.serve.problems import ProblemError

_SECONDS = 30.0


async def read_body(request: Request, most: int, mend: str) -> bytes:
    """Return the body of a request, unpacked. Raises ``ProblemError``: for more than ``most`` bytes, with this mend."""
    too_large = ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"body: it is larger than {most} bytes: {mend}", closes=True
    )
    if (request.content_length or 0) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > most:
                    raise too_large
    except TimeoutError:
        told = f"body: it did not arrive within {_SECONDS:.0f} seconds: send it at once"
        raise ProblemError(HTTPStatus.REQUEST_TIMEOUT, told, closes=True) from None
    except RequestPayloadError:
        told = "body: it is not in the encoding that it is said to be"
        raise ProblemError(HTTPStatus.BAD_REQUEST, told, closes=True) from None
    return bytes(body)
