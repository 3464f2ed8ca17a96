"""Tags of answers: whether the one who asks has the answer already."""

from aiohttp.web import Request


def is_held(request: Request, tag: str) -> bool:
    """Tell whether ``If-None-Match`` of a request names this tag, weak or not, or any."""
    held = [it.strip().removeprefix("W/") for it in request.headers.get("If-None-Match", "").split(",")]
    return tag.removeprefix("W/") in held or "*" in held
