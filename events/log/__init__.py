"""The port to the log: topics of records in order within a partition."""

from events.log.port import Consumer, Partition, Polled, Producer, Record

__all__ = ["Consumer", "Partition", "Polled", "Producer", "Record"]
