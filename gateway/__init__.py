"""The edge: one address in front of the services. It decides nothing and stores nothing."""
