"""A service with another patience: `python -m tests.impatient SECONDS sla`, so that a test need not wait for the usual one."""

import os
import sys

from services import __main__ as services

if __name__ == "__main__":
    os.environ["SUBAN_MARK_PATIENCE_S"] = sys.argv[1]
    sys.exit(services.main(sys.argv[2:]))
