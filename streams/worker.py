"""The run of a worker: what is checked before it starts, and how it ends."""

import asyncio
import gc
import logging
import time
from typing import NoReturn

import faust
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError, for_code

from streams import rights
from streams.connection import administration
from streams.end_signals import end_when_asked
from streams.fatal import end_process
from streams.faust_driver import private
from streams.faust_driver.worker import LimitedWorker
from streams.log_lines import write_log
from streams.refusal import REFUSED_SECONDS, RefusedError
from streams.settings import Settings
from streams.topics import TopicsError, check, topics_of

logger = logging.getLogger(__name__)

# The collector of cycles runs after so many new objects. A batch makes thousands of them, and customers have no cycles.
GC_THRESHOLDS = (100_000, 20, 100)
_AGAIN_SECONDS = 2.0
_ANSWER_SECONDS = 15.0


def run(app: faust.App, settings: Settings, looks_back_days: int = 0, loglevel: str = "INFO") -> NoReturn:
    """Run the worker until SIGTERM or Ctrl-C (exit code 0), or until it cannot go on (70, see ``streams.fatal``).

    ``looks_back_days`` is the longest window of the policy.

    Wait for Kafka as long as it takes; the availability time-out counts from its first answer.
    """
    end_when_asked()
    write_log(settings.log, loglevel)
    if settings.embedded and settings.subject == "account":
        logger.warning(
            "the embedded broker loses events of accounts if a worker of customers is killed: it is for trying only"
        )
    try:
        asyncio.run(prepare(settings, looks_back_days))
    except (TopicsError, RefusedError) as error:
        end_process(str(error))
    settings.data.mkdir(parents=True, exist_ok=True)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    worker = LimitedWorker(app, loglevel=loglevel, override_logging=False, quiet=True)
    worker.spinner = None  # it would write a terminal's escapes between the lines of the log
    try:
        worker.execute_from_commandline()
    finally:
        worker.count_when_asked()  # the event loop has taken its handlers with it


async def prepare(settings: Settings, looks_back_days: int = 0) -> None:
    """Wait for Kafka, check topics and rights, and take a dead predecessor out of the group.

    Raises ``TopicsError``; and ``RefusedError``, at once where waiting would not help, else after half a minute.
    """
    began = time.monotonic()
    refused_since: float | None = None
    while True:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await check_rights(settings)
                for warning in await check(settings, looks_back_days):
                    logger.warning("%s", warning)
                await remove_predecessor(settings)
            return
        except RefusedError as error:
            now = time.monotonic()
            refused_since = now if refused_since is None else refused_since
            if error.final or now - refused_since >= REFUSED_SECONDS:
                raise
            logger.warning("%s; trying again for %.0f s", error, refused_since + REFUSED_SECONDS - now)
            await asyncio.sleep(_AGAIN_SECONDS)
        except (KafkaError, TimeoutError, OSError) as error:
            waited = time.monotonic() - began
            logger.warning(
                "no Kafka at %s after %.0f s (%s), trying again; LIFESTAGE_BROKER says where it is",
                settings.broker,
                waited,
                str(error) or type(error).__name__,
            )
            await asyncio.sleep(_AGAIN_SECONDS)


async def check_rights(settings: Settings) -> None:
    """Raise ``RefusedError`` if this worker would miss a right; without, it would learn of one after another."""
    if settings.embedded:
        return  # it has no rights to give
    topics = topics_of(settings)
    needed = {name: ["Read", "DescribeConfigs"] for name in topics.inputs}
    needed |= {name: ["Write", "DescribeConfigs"] for name in (topics.transitions, topics.rejects)}
    needed[topics.changelog] = ["Read", "Write", "DescribeConfigs"]
    if settings.accounts:
        needed |= {name: ["Write", "DescribeConfigs"] for name in topics.account_events}
    try:
        await rights.check_rights(settings, needed, settings.app_id)
    except GroupCoordinatorNotAvailableError as error:
        # A broker that has never had a group is still creating the topic of offsets.
        logger.info("no group yet: %r", error)


async def remove_predecessor(settings: Settings) -> None:
    """Take the members with this worker's own client id out of the group: a crash has left them there.

    Apache Kafka would wait for a dead member until its session ends, the embedded broker for ever.
    """
    if not settings.instance:
        return
    async with administration(settings) as admin:
        try:
            coordinator = await admin.find_coordinator(settings.app_id)
        except KafkaError as error:
            # A broker that has never had a group is still creating the topic of offsets.
            logger.info("no group yet: %r", error)
            return
        for response in await admin.describe_consumer_groups([settings.app_id], coordinator):
            for member in response.groups[0][5]:
                if member[1] == settings.client_id:
                    await _leave(admin, coordinator, settings.app_id, member[0])


async def _leave(admin: AIOKafkaAdminClient, coordinator: int, group: str, member: str) -> None:
    code = await private.leave_group(admin, coordinator, group, member)
    if code:
        logger.warning("cannot take %s out of the group: %s", member, for_code(code).__name__)
    else:
        logger.info("took %s, left by a crash, out of the group", member)
