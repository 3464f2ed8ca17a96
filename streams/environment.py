"""The environment: the ``LIFESTAGE_*`` variables, read one by one, each with its mend."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the variable, what is wrong, and the fix."""


class Environment:
    """Variables by their names without the prefix. Each method raises ``SettingsError`` for what cannot be used."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def text(self, name: str, default: str) -> str:
        """Return a variable as it is, without blanks around it."""
        return self._variables.get(f"LIFESTAGE_{name}", default).strip()

    def checked(self, name: str, default: str, check: Callable[[str], _T], wanted: str) -> _T:
        """Return what ``check`` makes of a variable; it raises ``ValueError`` for what is not as ``wanted`` says."""
        given = self.text(name, default)
        try:
            return check(given)
        except ValueError as error:
            raise SettingsError(f"LIFESTAGE_{name} is {given!r}: set it to {wanted}") from error

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

    def seconds(self, name: str, default: float) -> float:
        """Return a number of seconds above 0."""

        def check(given: str) -> float:
            return _at_least(float(given), 0.001)

        return self.checked(name, str(default), check, "a number of seconds above 0")

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
            raise SettingsError(f"LIFESTAGE_{name} is {given!r}: set it to a file that exists")
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
