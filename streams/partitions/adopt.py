"""The adoption of topics that were brought back from a copy, and are therefore others by their ids."""

from dataclasses import replace

from streams.partitions.changelog import read_changelogs
from streams.partitions.group_members import check_ended
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.position import encode_position
from streams.partitions.skip_lost import NoCustomers
from streams.partitions.topic_changes import change_of
from streams.partitions.transaction import GroupTransaction
from streams.settings import Settings
from streams.topic_metadata import topic_metadata
from streams.topics import TopicsError, topics_of


async def adopt(settings: Settings) -> list[int]:
    """Take the present topics for those that the customers were counted in; return the partitions that this changed.

    All workers must have ended: what they have in memory is of the topics before. Raises ``TopicsError`` where
    something else than the ids has changed.
    """
    await check_ended(settings)
    topics = topics_of(settings)
    async with topic_metadata(settings, topics.all) as reader:
        present = await reader.read()
    adopted = []
    for partition in range(settings.partitions):
        transaction = GroupTransaction(settings, partition)
        try:
            await transaction.fence()
            group = PartitionGroup(partition, settings, NoCustomers())
            await read_changelogs(settings, [group])
            if group.position is None:
                continue
            position = replace(group.position, topic_ids={**group.position.topic_ids, **group.topic_ids})
            if reason := change_of(topics, settings.partitions, partition, position, present):
                raise TopicsError(reason)
            if position == group.position:
                continue
            await transaction.begin()
            await transaction.send_changes({}, encode_position(position))
            await transaction.acknowledged()
            await transaction.commit()
            adopted.append(partition)
        finally:
            await transaction.discard()
    return adopted
