"""Finds data sets of TensorFlow Datasets by name; downloads and prepares them on first use.

Prepared data sets are kept where TFDS keeps them (``TFDS_DATA_DIR``, else ``~/tensorflow_datasets``), outside the
pipeline: name and version say what they hold, and every checkout shares them.
"""

from __future__ import annotations

import contextlib
import difflib
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infoplane.images.tfds_package import tensorflow_datasets

_ANSWER_SECONDS = 4.0
"""TFDS itself retries a download for minutes before it says that there is no network."""


def prepared_builder(name: str) -> Any:
    """The builder of a data set whose files are on this machine, downloaded and prepared if they were not.

    Args:
        name: ``cats_vs_dogs``, or with configuration or version (``cifar10_corrupted/fog_1``, ``mnist:3.0.1``).

    Raises:
        ValueError: no such data set; no network; or whatever its preparation fails with, in one line.
    """
    builder = _builder(name)
    if _is_prepared(builder):
        return builder
    _refuse_missing_network(name, builder)
    tfds = tensorflow_datasets()
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    print(f"{name}: being downloaded and prepared in {builder.data_path}", file=sys.stderr)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            builder.download_and_prepare(download_config=config)
    except Exception as error:  # builders come from many hands and fail with anything
        raise ValueError(f"data.name: {name} cannot be prepared: {_one_line(error)}") from error
    return builder


def _builder(name: str) -> Any:
    tfds = tensorflow_datasets()
    try:
        return tfds.builder(name, try_gcs=False)
    except tfds.core.registered.DatasetNotFoundError as error:
        known = [line[3:].strip() for line in str(error).splitlines() if line.startswith("\t- ")]
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(f"data.name: TensorFlow Datasets has no {name!r}{hint}") from None
    except Exception as error:  # a module that a builder imports, or an unknown configuration or version
        raise ValueError(f"data.name: {name}: {_one_line(error)}") from error


def _is_prepared(builder: Any) -> bool:
    return (Path(str(builder.data_path)) / "dataset_info.json").is_file()


def _refuse_missing_network(name: str, builder: Any) -> None:
    """Raise ValueError if a file that is missing here comes from a server that does not answer."""
    downloads = Path(str(builder._data_dir_root)) / "downloads"
    missing = {
        url: info for url, info in builder.url_infos.items() if not _is_downloaded(downloads, builder.name, url, info)
    }
    silent = unreachable_hosts(missing)
    if silent:
        files = [info.filename for info in missing.values() if info.filename]
        by_hand = f", put {', '.join(files[:3])} into {downloads / 'manual'}" if files else ""
        raise ValueError(
            f"data.name: {name} is not in {builder.data_path} and cannot be downloaded: no answer from "
            f"{', '.join(silent)}. Connect to the internet{by_hand}, or copy the prepared folder from elsewhere "
            f"(TFDS_DATA_DIR names another place)"
        )


def _is_downloaded(downloads: Path, builder_name: str, url: str, info: Any) -> bool:
    """Whether a file is among the downloads of TFDS, automatic or manual."""
    stored = tensorflow_datasets().download.resource.get_dl_fname(url, info.checksum)
    places = [downloads / stored, downloads / builder_name / stored]
    if info.filename:
        places.append(downloads / "manual" / info.filename)
    return any(place.exists() for place in places)


def unreachable_hosts(urls: Iterable[str], seconds: float = _ANSWER_SECONDS) -> list[str]:
    """The hosts of these addresses that do not answer within some seconds, all asked at once, sorted."""
    first: dict[str, str] = {}
    for url in urls:
        host = urlsplit(url).hostname
        if host is not None and urlsplit(url).scheme in ("http", "https"):
            first.setdefault(host, url)
    answered: set[str] = set()

    def ask(host: str, url: str) -> None:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=seconds).close()
        except urllib.error.HTTPError:  # an error status is an answer
            pass
        except Exception:
            return
        answered.add(host)

    # Daemon threads: looking up a host's address has no timeout, and must not keep the process alive.
    threads = [threading.Thread(target=ask, args=item, daemon=True) for item in first.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 1.0)
    return sorted(set(first) - answered)


def _one_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {' '.join(lines)[:400]}" if lines else type(error).__name__
