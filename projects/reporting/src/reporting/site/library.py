"""The script that draws charts: Vega, Vega-Lite and vega-embed, as vl-convert brings them."""

from __future__ import annotations

from importlib.metadata import version

from shared.config import Settings
from shared.utils.files import write_whole


def chart_library(settings: Settings) -> str:
    """Return the script. To bundle it takes seconds, so that it is kept for the next page."""
    import altair as alt

    # A release of Vega-Lite by its first two numbers, in which Altair writes.
    release = ".".join(alt.VEGALITE_VERSION.split(".")[:2])
    kept = settings.data_dir / "cache" / f"vega-lite-{release}-by-vl-convert-{version('vl-convert-python')}.js"
    if not kept.is_file():
        import vl_convert

        script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=release)
        write_whole(kept, script)
    return kept.read_text(encoding="utf-8")
