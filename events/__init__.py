"""The only code that services share: the contracts of the events and the engine that moves them.

Rooms, in the order in which an event travels through them:

- `contracts`   what every event means on the wire
- `deciding`    command -> decision -> commit
- `store`       the commits of one service, in its own MongoDB
- `relay`       from the store to the service's Kafka topic, in commit order
- `log`         the port to Kafka
- `projection`  from all topics to the service's own timeline and views
- `reactions`   a service answering another's event with a decision of its own
- `http`        the same manners for every service's API
- `runtime`     processes: configuration in, health and metrics out
"""
