"""What every implementation of a port must do, tried on the twin in memory and on the real one."""
