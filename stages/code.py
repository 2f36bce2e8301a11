"""Write for every stage what code it runs: other stages depend on that file, and not on modules."""

from __future__ import annotations

import argparse

from infoplane.common import io
from stages import common
from stages.closure import Repository


def work(arguments: argparse.Namespace) -> None:
    repository = Repository(common.TOP)
    with io.output_folder(arguments.out) as folder:
        for stage in set(repository.stages()) - {"code"}:
            io.save_json(folder / f"{stage}.json", repository.describe(stage))


if __name__ == "__main__":
    common.run("code", work, common.options(__doc__, outputs=("out",)))
