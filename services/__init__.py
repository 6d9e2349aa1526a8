"""The services: four houses with the same rooms, which know one another only by events."""
