"""The local environment: real MongoDB, real Kafka and all processes on one machine, on loopback."""
