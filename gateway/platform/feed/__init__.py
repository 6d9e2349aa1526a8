"""The feed: every event since the first day, over HTTP, for whoever has no Kafka client.

The log is its storage and nothing is copied. A subscriber holds a cursor, which is a position in
every partition; the feed holds nothing about subscribers, so one that was away for a month costs
nothing meanwhile and goes on as if it had never left.

`layout` knows the partitions, `cursor` writes positions, `wanted` says what a subscriber asked
for, `merging` puts partitions in order, `reader` fetches, `readers` keeps clients, `scanning`
turns records into items, `feed` answers pages and `streaming` sends them as they come.
"""
