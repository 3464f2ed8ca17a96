"""The fatal exit: the end of a process that cannot continue correctly or usefully."""

import logging
import os
import sys
from typing import NoReturn

EXIT_CODE = 70

logger = logging.getLogger(__name__)


def end_process(reason: str) -> NoReturn:
    """Log the reason and exit with code 70 at once: no open batch may be acknowledged on the way out."""
    logger.critical("lifestage worker ends: %s", reason)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_CODE)
