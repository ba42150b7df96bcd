"""Pictures for a phone's camera."""

import segno
from markupsafe import Markup

_QUIET = 4  # modules of white around it: without them a camera does not find it


def qr_code(text: str) -> Markup:
    """The text as an SVG, black on white also where the page is dark: many cameras read nothing else."""
    picture = segno.make(text, micro=False, error="m")
    drawn = picture.svg_inline(border=_QUIET, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None)
    return Markup(drawn)  # noqa: S704 - segno drew it: nothing of the text stands in it but as black and white
