"""The rules in force for what runs beside the workers, as far as Kafka tells them."""

import logging
import time

from state.rules.rulebook import Rulebook
from streams.policies.reading import READING_ERRORS, read_policies
from streams.policy_file import load_rules
from streams.settings import Settings

logger = logging.getLogger(__name__)


async def rules_in_force(settings: Settings) -> Rulebook:
    """Return the rules of the published policy in force now; where none can be read, those of ``LIFESTAGE_POLICY``.

    On the stream clock, of which only the workers know how late it is, that is the one published last.
    Raises ``PolicyFileError``.
    """
    try:
        policies = await read_policies(settings)
    except READING_ERRORS as error:
        logger.warning("the published policies cannot be read, so LIFESTAGE_POLICY is taken: %s", error)
        return load_rules(settings.policy)
    if settings.clock == "stream":
        found = policies.all[-1] if policies.all else None
    else:
        found = policies.at(time.time_ns() // 1_000_000)
    if found is None or found.rules is None:
        if found is not None:
            logger.warning("%s; LIFESTAGE_POLICY is taken", found.unreadable)
        return load_rules(settings.policy)
    return found.rules
