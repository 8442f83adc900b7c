"""A job on a real Flink cluster of this machine, and whether its rows are those of one process."""
