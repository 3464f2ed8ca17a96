"""The members of the workers' group, for commands that nobody may work beside."""

from aiokafka.errors import GroupCoordinatorNotAvailableError

from streams.connection import administration
from streams.settings import Settings
from streams.topics import TopicsError


async def check_ended(settings: Settings) -> None:
    """Raise ``TopicsError`` if a worker is in the group."""
    async with administration(settings) as admin:
        try:
            described = await admin.describe_consumer_groups([settings.app_id])
        except GroupCoordinatorNotAvailableError:
            return
    members = sum(len(group[5]) for response in described for group in response.groups)
    if members:
        raise TopicsError(f"{members} workers of group {settings.app_id} still run, or ended just now: stop them all")
