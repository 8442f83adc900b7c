"""Where the work of a Beam pipeline is done: this machine, a pool of workers, Flink, Dataflow."""
