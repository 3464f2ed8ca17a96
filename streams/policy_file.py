"""The policy file: where it lies, and how a problem in it is told."""

from pathlib import Path

from state.features.catalogue import catalogue
from state.policy.compiled import CompiledPolicy, read_policy
from state.policy.text import PolicyError
from state.rules.rulebook import Rulebook

HERE = Path(__file__).parent
SHIPPED = (HERE / "default_policy.toml", HERE.parent / "policies" / "default.toml")


class PolicyFileError(ValueError):
    """A policy that cannot be used; the message has every problem with its line and its fix."""


def shipped_policy() -> Path:
    """The policy that comes with the product: in a wheel beside this module, in a checkout in ``policies/``."""
    return next(path for path in SHIPPED if path.exists())


def compile_file(path: Path | None) -> CompiledPolicy:
    """The policy in a file, None for the shipped one. Raises ``PolicyFileError``."""
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
    """The rules of a policy file. Raises ``PolicyFileError``."""
    return Rulebook(compile_file(path))
