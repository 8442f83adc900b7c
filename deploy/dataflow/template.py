"""What the launcher of a Flex Template starts: transcribe on Dataflow."""

import sys

from pipelines.transcribe import main

sys.exit(main(["--engine", "dataflow", *sys.argv[1:]]))
