"""The stages of the pipeline, each a short script over the library.

Run as ``python -m stages.NAME`` from the top of a checkout. The checkout's own ``src`` comes first on the path:
an installed (editable) infoplane points at the live workspace, and a queued experiment would silently run that
instead of the code it recorded.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

if find_spec("pydantic") is None or find_spec("ruamel") is None:
    sys.exit(
        f"{sys.executable} lacks infoplane's dependencies: put the project's environment first on PATH "
        "(`source .venv/bin/activate`) or run `make reproduce`"
    )
