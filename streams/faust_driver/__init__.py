"""Everything that is overridden of Faust or reached inside aiokafka, and nothing else.

Written against faust-streaming 0.15.3 and aiokafka 0.14.0: read this list before you raise either version. Nothing is
patched when a module is imported.

``app`` overrides ``App.agent``, ``page``
    An agent on an input topic or on the changelog would get no records: it is refused, with a sentence that says what
    to do. So is a page: Faust's web server is off.

``consumer`` overrides ``Consumer``: ``getmany``, ``ack``, ``_new_offset``, ``_filter_tps_with_pending_acks``,
``verify_all_partitions_active``, ``on_start``, ``on_stop``, ``_new_consumer_thread``; and
``Transport.create_consumer``
    Input topics are delivered as one message for each batch, not for each record; the position marker acknowledges it.

``ordinary_topics`` overrides ``Consumer``: ``perform_seek``, ``stop_flow``, ``_new_offset``; and adds a task
    Agents on other topics are served as in any Faust app, at least once, but in a task for each topic, so that a slow
    one does not hold up the batches. Unlike in Faust, a record is never counted as part of the gap before it.

``membership`` overrides ``AIOKafkaConsumerThread``: ``_create_worker_consumer``, ``_commit``, ``on_thread_stop``,
``close``, ``crash``; and ``ConsumerRebalanceListener.on_partitions_assigned``
    Faust's thread keeps the worker in its consumer group and fetches nothing of the input topics. A failed offset
    commit does not crash it, aborted records are skipped, and a stopping worker does not wait for ever.

``recovery`` overrides ``Recovery``: ``on_rebalance``, ``on_partitions_revoked``, ``on_stop``; and
``TableManager.recovery``, ``add``
    Partition groups are restored in a task of their own, from committed records only. A second table is refused:
    nothing would restore it.

``tables`` overrides ``Table._new_store`` and ``memory.Store``
    The memory of the table is kept by partition, and is written after a commit, not before.

``worker`` overrides ``Worker``: ``install_signal_handlers``, ``on_worker_shutdown``, ``_schedule_shutdown``,
``on_shutdown``
    A worker that cannot end in order ends at once. Its pages answer until then.

``private`` uses private attributes of aiokafka, one function each.

Everything else is Faust's own, unchanged: the group protocol, the assignor, agents and their supervision, channels and
serializers, the command line.
"""
