"""The settings of ``lifestage serve``."""

from dataclasses import dataclass
from pathlib import Path

from streams.environment import Environment, SettingsError


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Where the server listens, and the files with its tokens and its certificate; None: there are none.

    ``streams`` is how many streams of transitions may be open, ``recent_megabytes`` how much memory the newest
    transitions take, which all streams share: a reader who falls behind them is dropped.
    """

    host: str = "127.0.0.1"
    port: int = 6080
    tokens: Path | None = None
    certfile: Path | None = None
    keyfile: Path | None = None
    streams: int = 1000
    recent_megabytes: int = 32

    @classmethod
    def from_environment(cls, environment: Environment) -> "ServeSettings":
        """Read the ``LIFESTAGE_SERVE_*`` variables; raises ``SettingsError`` for the first one that is wrong."""
        default = cls()
        settings = cls(
            host=environment.text("SERVE_HOST", default.host),
            port=environment.port("SERVE_PORT", default.port),
            tokens=environment.file("SERVE_TOKENS"),
            certfile=environment.file("SERVE_CERTFILE"),
            keyfile=environment.file("SERVE_KEYFILE"),
            streams=environment.whole("SERVE_STREAMS", default.streams, least=1),
            recent_megabytes=environment.whole("SERVE_RECENT_MEGABYTES", default.recent_megabytes, least=1),
        )
        if settings.keyfile is not None and settings.certfile is None:
            raise SettingsError("LIFESTAGE_SERVE_KEYFILE is set: set LIFESTAGE_SERVE_CERTFILE to its certificate, too")
        return settings
