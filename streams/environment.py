"""The environment: the ``LIFESTAGE_*`` variables, read one by one, each with its mend."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")
_PREFIX = "LIFESTAGE_"
# Kubernetes sets these in each container for a Service whose name begins like the prefix.
_OF_A_SERVICE = re.compile(r"_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP|SCTP)")
_ADDRESS_OF_A_SERVICE = ("tcp://", "udp://", "sctp://")
_ALIKE = 0.7


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the variable, what is wrong, and the fix."""


class Environment:
    """Variables by their names without the prefix. Each method raises ``SettingsError`` for what cannot be used."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._asked: set[str] = set()

    @property
    def asked(self) -> frozenset[str]:
        """The names without the prefix that were asked for until now."""
        return frozenset(self._asked)

    def unknown(self) -> list[str]:
        """Return a sentence for each variable with the prefix that nobody has asked for, with the nearest known one.

        That is no error: it may be a setting of a newer version.
        """
        told = []
        for name, value in sorted(self._variables.items()):
            known = not name.startswith(_PREFIX) or name.removeprefix(_PREFIX) in self._asked
            if known or _OF_A_SERVICE.search(name) or value.startswith(_ADDRESS_OF_A_SERVICE):
                continue
            near = get_close_matches(name.removeprefix(_PREFIX), sorted(self._asked), 1, _ALIKE)
            meant = f": do you mean {_PREFIX}{near[0]}?" if near else ""
            told.append(f"{name} is no setting, and has no effect{meant}")
        return told

    def foreign(self, name: str) -> str:
        """Return a variable of another program, by its full name; empty if it is not set."""
        return self._variables.get(name, "").strip()

    def text(self, name: str, default: str) -> str:
        """Return a variable as it is, without blanks around it."""
        self._asked.add(name)
        return self._variables.get(_PREFIX + name, default).strip()

    def checked(self, name: str, default: str, check: Callable[[str], _T], wanted: str) -> _T:
        """Return what ``check`` makes of a variable; it raises ``ValueError`` for what is not as ``wanted`` says."""
        given = self.text(name, default)
        try:
            return check(given)
        except ValueError as error:
            raise SettingsError(f"{_PREFIX}{name} is {given!r}: set it to {wanted}") from error

    def one_of(self, name: str, default: str, choices: tuple[_T, ...]) -> _T:
        """Return the choice that a variable names."""

        def check(given: str) -> _T:
            for choice in choices:
                if choice == given:
                    return choice
            raise ValueError

        return self.checked(name, default, check, " or ".join(map(str, choices)))

    def whole(self, name: str, default: int, least: int) -> int:
        """Return a whole number."""

        def check(given: str) -> int:
            return _at_least(int(given), least)

        return self.checked(name, str(default), check, f"a whole number, {least} or more")

    def seconds(self, name: str, default: float, least: float = 0.001) -> float:
        """Return a number of seconds, above 0 or from ``least`` on."""

        def check(given: str) -> float:
            return _at_least(float(given), least)

        wanted = "a number of seconds" + (" above 0" if least else ", or 0")
        return self.checked(name, str(default), check, wanted)

    def port(self, name: str, default: int) -> int:
        """Return a port."""
        return self.checked(name, str(default), _port, "a port, 1 to 65535")

    def yes(self, name: str) -> bool:
        """Tell whether a variable says yes; it says no if it is not set."""
        return self.one_of(name, "no", ("yes", "no")) == "yes"

    def file(self, name: str) -> Path | None:
        """Return a file that exists, None where none is named."""
        given = self.text(name, "")
        if given and not Path(given).is_file():
            raise SettingsError(f"{_PREFIX}{name} is {given!r}: set it to a file that exists")
        return Path(given) if given else None


def _at_least(number: _T, least: _T) -> _T:
    if not least <= number < float("inf"):  # type: ignore[operator]
        raise ValueError
    return number


def _port(given: str) -> int:
    port = int(given)
    if not 1 <= port <= 65535:
        raise ValueError
    return port
