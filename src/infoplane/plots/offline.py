"""The page of ``dvc plots show`` with Vega inside, so that it draws without internet.

DVC's own page loads Vega from a content delivery network. ``plots.html_template`` in ``.dvc/config`` names another
page; DVC puts the plots at ``{plot_divs}``, and its network scripts at ``{scripts}``, which this page leaves out. The
page is committed, since DVC fails without it; ``python -m infoplane.plots.offline`` writes it anew, after an update
of ``vl-convert-python``, which carries the JavaScript.
"""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from infoplane.common import io

VEGA_LITE = "6.4"

PAGE = Path(__file__).parent / "templates" / "offline.html"
_BUNDLER = "vl-convert-python"
_FRAME = "offline.frame.html"


def page() -> str:
    """The page for DVC to fill; the same text for the same version of ``vl-convert-python``."""
    import vl_convert

    bundler = f"{_BUNDLER} {version(_BUNDLER)}"
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    placed = [word for word in ("</script", "{plot_divs}", "{scripts}", "{refresh_tag}") if word in script]
    if placed:
        raise RuntimeError(f"the bundle of {bundler} holds {placed[0]}")
    frame = (files("infoplane.plots") / "templates" / _FRAME).read_text(encoding="utf-8")
    return frame.replace("[[bundle]]", script).replace("[[bundled by]]", bundler)


def main() -> None:
    """Write the page into the package."""
    io.save_text(PAGE, page())


if __name__ == "__main__":
    main()
