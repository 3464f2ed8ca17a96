"""The run of a worker: what is checked before it starts, and how it ends."""

import asyncio
import errno
import gc
import logging
import time
from typing import NoReturn

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError, for_code

from streams import rights
from streams.connection import administration
from streams.end_signals import end_when_asked
from streams.fatal import end_process
from streams.faust_driver import private
from streams.faust_driver.app import BatchApp
from streams.faust_driver.worker import LimitedWorker
from streams.log_lines import begin_log
from streams.partitions.silence import Silence
from streams.refusal import REFUSED_SECONDS, RefusedError
from streams.settings import Settings
from streams.stacks import show_stacks
from streams.topics import TopicsError, check, topics_of

logger = logging.getLogger(__name__)

# The collector of cycles runs after so many new objects. A batch makes thousands of them, and customers have no cycles.
GC_THRESHOLDS = (100_000, 20, 100)
_AGAIN_SECONDS = 2.0
_ANSWER_SECONDS = 15.0


def run(app: BatchApp, settings: Settings, looks_back_days: int = 0, loglevel: str | None = None) -> NoReturn:
    """Run the worker until SIGTERM or Ctrl-C (exit code 0), or until it cannot go on (70, see ``streams.fatal``).

    ``looks_back_days`` is the longest window of the policy. ``loglevel`` is that of the settings if it is not given.

    Answer over HTTP from the beginning. Wait for Kafka as long as it takes; the availability time-out counts from its
    first answer.
    """
    show_stacks()
    end_when_asked()
    begin_log(settings, loglevel)
    if settings.embedded and settings.subject == "account":
        logger.warning(
            "the embedded broker loses events of accounts if a worker of customers is killed: it is for trying only"
        )
    try:
        # In the loop of Faust's worker, where the pages go on answering.
        app.loop.run_until_complete(_open_pages(app, settings))
        app.loop.run_until_complete(prepare(settings, app.silence, looks_back_days))
    except (TopicsError, RefusedError) as error:
        end_process(str(error))
    settings.data.mkdir(parents=True, exist_ok=True)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    worker = LimitedWorker(app, override_logging=False, quiet=True)
    try:
        worker.execute_from_commandline()
    finally:
        worker.count_when_asked()  # the event loop has taken its handlers with it


async def _open_pages(app: BatchApp, settings: Settings) -> None:
    host, port = settings.web_host, settings.web_port
    try:
        await app.pages.open(host, port)
    except (OSError, UnicodeError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            fix = "set LIFESTAGE_WEB_PORT, to a port of its own for each worker of this machine"
            end_process(f"metrics and health: port {port} of {host} is in use by another process: {fix}")
        why = getattr(error, "strerror", None) or error
        fix = "set LIFESTAGE_WEB_HOST and LIFESTAGE_WEB_PORT"
        end_process(f"metrics and health: {host}:{port} cannot be listened to: {why}: {fix}")
    logger.info("metrics and health are at http://%s:%d", host, port)


async def prepare(settings: Settings, silence: Silence, looks_back_days: int = 0) -> None:
    """Wait for Kafka, check topics and rights, and take a dead predecessor out of the group.

    Raises ``TopicsError``; and ``RefusedError``, at once where waiting would not help, else after half a minute.
    """
    refused_since: float | None = None
    while True:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await check_rights(settings)
                for warning in await check(settings, looks_back_days):
                    logger.warning("%s", warning)
                await remove_predecessor(settings)
            silence.ended()
            return
        except RefusedError as error:
            now = time.monotonic()
            refused_since = now if refused_since is None else refused_since
            if error.final or now - refused_since >= REFUSED_SECONDS:
                raise
            logger.warning("%s; trying again for %.0f s", error, refused_since + REFUSED_SECONDS - now)
            await asyncio.sleep(_AGAIN_SECONDS)
        except (KafkaError, TimeoutError, OSError) as error:
            silence.lasts(error)
            await asyncio.sleep(_AGAIN_SECONDS)


async def check_rights(settings: Settings) -> None:
    """Raise ``RefusedError`` if this worker would miss a right; without, it would learn of one after another."""
    if settings.embedded:
        return  # it has no rights to give
    topics = topics_of(settings)
    needed = {name: ["Read", "DescribeConfigs"] for name in topics.inputs}
    needed |= {name: ["Write", "DescribeConfigs"] for name in (topics.transitions, topics.rejects)}
    needed[topics.policies] = ["Read", "DescribeConfigs"]  # to publish the first one takes more, and only once
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
                    await _leave(admin, coordinator, settings, member[0])


async def _leave(admin: AIOKafkaAdminClient, coordinator: int, settings: Settings, member: str) -> None:
    code = await private.leave_group(admin, coordinator, settings.app_id, member)
    if code:
        logger.warning("cannot take %s out of the group: %s", member, for_code(code).__name__)
    else:
        logger.warning(
            "took %s out of the group: a worker named %s has left it behind, or still runs; "
            "give each worker a LIFESTAGE_INSTANCE of its own",
            member,
            settings.instance,
        )
