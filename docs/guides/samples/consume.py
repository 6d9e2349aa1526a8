"""Copies every event into SQLite: each once, each stream in order, also after a crash.

python consume.py 127.0.0.1:9092 events.db
"""

import json
import sqlite3
import sys

from kafka import KafkaConsumer, TopicPartition

CONTEXTS = ("marketing", "sales", "service", "analytics", "platform")
TABLES = """
create table if not exists events (stream, version, event, primary key (stream, version));
create table if not exists positions (topic, part, next_offset, primary key (topic, part));
"""


def subscribe(bootstrap: str, db: sqlite3.Connection, prefix: str = "crm") -> KafkaConsumer:
    """A reader of all partitions, standing where the database says, at first at offset 0."""
    db.executescript(TABLES)
    saved = {(topic, part): at for topic, part, at in db.execute("select * from positions")}
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none"
    )
    topics = [f"{prefix}.{context}.events" for context in CONTEXTS]
    consumer.assign(
        [TopicPartition(t, p) for t in topics for p in consumer.partitions_for_topic(t)]
    )
    for partition in consumer.assignment():
        consumer.seek(partition, saved.get(tuple(partition), 0))
    return consumer


def copy(consumer: KafkaConsumer, db: sqlite3.Connection) -> None:
    """One poll: the events and the positions after them, in one transaction."""
    for partition, records in consumer.poll(timeout_ms=500).items():
        with db:
            for record in records:
                take(db, json.loads(record.value))
            position = (*partition, records[-1].offset + 1)
            db.execute("insert or replace into positions values (?, ?, ?)", position)


def take(db: sqlite3.Connection, event: dict[str, object]) -> None:
    """Only the next event of its stream: a lower version came before, a higher one comes again."""
    stream, version = event["stream"], event["streamversion"]
    (head,) = db.execute("select max(version) from events where stream = ?", (stream,)).fetchone()
    if version == (head or 0) + 1:
        db.execute("insert into events values (?, ?, ?)", (stream, version, json.dumps(event)))


if __name__ == "__main__":
    database = sqlite3.connect(sys.argv[2])
    reader = subscribe(sys.argv[1], database)
    while True:
        copy(reader, database)
