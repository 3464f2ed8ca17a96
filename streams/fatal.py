"""The fatal exit: ends the process when going on would be wrong, or of no use."""

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
