"""``python -m infoplane`` is the command ``infoplane``."""

from __future__ import annotations

import sys

from infoplane.cli import main

if __name__ == "__main__":
    sys.exit(main())
