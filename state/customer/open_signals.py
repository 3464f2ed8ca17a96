"""Open signals: the occasions of signals that have begun and not ended, by signal and by what each is about."""

from collections.abc import Mapping

import msgspec

MAX_OPEN = 100
"""How many occasions of one signal a customer can have open."""
OCCASIONS_BOUND = "signal_occasions"


class OpenSignal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An occasion: when the steps so far were complete, and the events that count towards the next one."""

    done: tuple[int, ...] = ()
    counted: tuple[int, ...] = ()

    @property
    def last(self) -> int:
        """The instant of its last event."""
        return max(self.done[-1:] + self.counted[-1:])


OfSignal = Mapping[str, OpenSignal]
"""The occasions of one signal, by the values that they are about."""
Signals = Mapping[int, OfSignal]
"""The occasions by the numbers of signals (see ``CompiledSignal``)."""
NO_SIGNALS: Signals = {}


def with_occasions(signals: Signals, number: int, occasions: OfSignal) -> Signals:
    """Return the open signals with other occasions of one of them."""
    others = {each: it for each, it in signals.items() if each != number}
    return {**others, number: occasions} if occasions else others
