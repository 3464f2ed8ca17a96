"""The policy file: its place, and the messages about problems in it."""

from pathlib import Path

from state.features.catalogue import catalogue
from state.policy.compiled import CompiledPolicy, read_policy
from state.policy.text import PolicyError
from state.rules.rulebook import Rulebook

_HERE = Path(__file__).parent
_SHIPPED = (_HERE / "default_policy.toml", _HERE.parent / "policies" / "default.toml")


class PolicyFileError(ValueError):
    """A policy that cannot be used; the message has every problem with its line and its fix."""


def shipped_policy() -> Path:
    """Return the path of the policy that ships: beside this module in a wheel, in ``policies/`` in a checkout."""
    return next(path for path in _SHIPPED if path.exists())


def shipped_text(currency: str, zone: str) -> str:
    """Return the text of the policy that ships, in this currency and time zone."""
    text = shipped_policy().read_text("utf-8")
    return text.replace('currency = "USD"', f'currency = "{currency}"').replace('zone = "UTC"', f'zone = "{zone}"')


def shipped_currency() -> str:
    """Return the currency of the policy that ships."""
    return compile_file(None).policy.money.currency


def compile_file(path: Path | None) -> CompiledPolicy:
    """Compile the policy in a file; None: the one that ships. Raises ``PolicyFileError``."""
    path = path or shipped_policy()
    try:
        return read_policy(path.read_text("utf-8"), catalogue)
    except OSError as error:
        raise PolicyFileError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise PolicyFileError(f"{path} is no UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except PolicyError as error:
        lines = [f"{path}:{problem.line}: {problem.message}. {problem.fix}" for problem in error.problems]
        raise PolicyFileError("\n".join(lines)) from None


def load_rules(path: Path | None) -> Rulebook:
    """Compile the rules of a policy file; None: the one that ships. Raises ``PolicyFileError``."""
    return Rulebook(compile_file(path))
