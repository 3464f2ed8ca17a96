"""Ending the process for a reason: when to go on would be wrong, or of no use."""

import logging
import os
import sys
from typing import NoReturn

EXIT_CODE = 70

logger = logging.getLogger(__name__)


def end_process(reason: str) -> NoReturn:
    """Say why in one line and end with exit code 70, at once: no open batch may be acknowledged on the way out."""
    logger.critical("lifestage worker ends: %s", reason)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_CODE)
