"""A mapping's file, or one of those that ship by its name, and the messages about problems in it."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from streams.mapping.shape import MappingShape
from streams.mapping.text import MappingError, MappingText, read_mapping

_HERE = Path(__file__).parent
_SHIPPED = (_HERE / "shipped_mappings", _HERE.parent / "mappings")


class MappingFileError(ValueError):
    """A mapping that cannot be used; the message has every problem with its line and its fix."""


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping with the place of its text."""

    place: str
    shape: MappingShape
    text: MappingText

    @property
    def currency(self) -> str | None:
        """The one currency that all amounts are in, if the mapping says it as a constant."""
        shape = self.shape
        said = [it for it in (shape.currency, *(event.currency for event in shape.events)) if it is not None]
        codes = {str(it.value).upper() for it in said}
        return codes.pop() if len(codes) == 1 and all(it.value is not None for it in said) else None

    def error(self, error: MappingError, of: str = "") -> MappingFileError:
        """Return what to say about an error of this mapping; ``of`` is the file that it does not fit."""
        lines = [f"{self.place}:{it.line}: {of}{it.message}; {it.fix}" for it in error.problems]
        return MappingFileError("\n".join(lines))


def shipped_mappings() -> dict[str, Path]:
    """Return the mappings that ship, by name: beside this module in a wheel, in ``mappings/`` in a checkout."""
    folder = next(path for path in _SHIPPED if path.exists())
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_mapping(name: str) -> MappingFile:
    """Read a mapping from a file, or a shipped one by its name. Raises ``MappingFileError``."""
    shipped = shipped_mappings()
    path = shipped.get(name, Path(name))
    try:
        shape, text = read_mapping(path.read_text("utf-8"))
    except OSError as error:
        near = difflib.get_close_matches(name, shipped, n=1)
        fix = f"did you mean {near[0]}?" if near else f"those that ship are {', '.join(shipped)}"
        raise MappingFileError(f"the mapping {name} cannot be read ({error.strerror}); {fix}") from None
    except UnicodeDecodeError as error:
        raise MappingFileError(f"{path} is no UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except MappingError as error:
        lines = [f"{path}:{problem.line}: {problem.message}; {problem.fix}" for problem in error.problems]
        raise MappingFileError("\n".join(lines)) from None
    return MappingFile(name if name in shipped else str(path), shape, text)
