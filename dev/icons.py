"""Makes the font of the pages' icons from the look's own: `python -m dev.icons`.

The look brings 3,000 icons, which weigh more than all the rest of a page. The font made
here holds those that its templates and ours name, and nothing else. It is kept beside
our style sheets, so that an installation needs no font tools.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dev.keys import ROOT

FONT = ROOT / "static" / "channels_amazon" / "icons.woff2"
_SOURCE = "static/unfold/fonts/material-symbols/Material-Symbols-Outlined.woff2"
# What an icon's name is made of: its ligature is written with these letters.
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"

# Those of the side bar and of the settings of the look.
OURS = frozenset(
    {
        "alarm",
        "alt_route",
        "category",
        "currency_exchange",
        "fact_check",
        "gpp_bad",
        "group",
        "health_and_safety",
        "home",
        "inbox",
        "inventory_2",
        "link_off",
        "lists",
        "local_shipping",
        "monitor_heart",
        "package_2",
        "percent",
        "person",
        "policy",
        "receipt_long",
        "rule_settings",
        "sell",
        "shield_person",
        "shopping_bag",
        "store",
        "storefront",
        "sync_alt",
        "upload_file",
        "warehouse",
        "webhook",
    }
)
# Those that the look names in its code, or in an expression of a template.
_NAMED_IN_CODE = frozenset({"data_object", "settings", "tag", "visibility_off"})
# Those that a style sheet puts before or after an element.
_STYLED = re.compile(r"""content:["']([a-z][a-z0-9_]*)["']""")
# The words within an element of an icon, and an icon handed to another template.
_ELEMENT = re.compile(r'material-symbols-outlined[^<]*?">([^<]*)<')
_ARGUMENT = re.compile(r'\bicon="([a-z0-9_]+)"')
_TAG = re.compile(r"{%.*?%}|{{.*?}}")
_WORD = re.compile(r"[a-z][a-z0-9_]*")


def of_the_look() -> set[str]:
    """Return the icons that the look's templates name."""
    found = set(_NAMED_IN_CODE)
    for template in sorted(_look().glob("templates/**/*.html")):
        text = template.read_text(encoding="utf-8")
        found |= set(_ARGUMENT.findall(text))
        for inside in _ELEMENT.findall(text):
            found |= set(_WORD.findall(_TAG.sub(" ", inside)))
    styles = _look() / "static" / "unfold" / "css" / "styles.css"
    return found | set(_STYLED.findall(styles.read_text(encoding="utf-8")))


def wanted() -> set[str]:
    """Return the icons that the font must hold."""
    return of_the_look() | OURS


def held(font: Path = FONT) -> set[str]:
    """Return the icons that a font holds, by the letters that draw them."""
    from fontTools.ttLib import TTFont

    opened = TTFont(font)
    letters = {glyph: chr(code) for code, glyph in opened.getBestCmap().items()}
    found = set()
    for first, ligature in _ligatures(opened):
        glyphs = [first, *ligature.Component]
        found.add("".join(letters.get(glyph, "?") for glyph in glyphs))
    return found


def make(target: Path = FONT) -> None:
    """Write the font; raises ValueError for a name that is no icon of the look."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    source = _look() / _SOURCE
    if unknown := wanted() - held(source):
        raise ValueError(f"The look has no icon named {', '.join(sorted(unknown))}.")
    font = TTFont(source, recalcTimestamp=False)
    codes = font.getBestCmap()
    letters = {glyph: chr(code) for code, glyph in codes.items()}
    drawn = {
        ligature.LigGlyph
        for first, ligature in _ligatures(font)
        if "".join(letters.get(g, "?") for g in [first, *ligature.Component])
        in wanted()
    }
    # The letters draw every icon: without this, all of them would follow.
    options = Options(layout_closure=False, flavor="woff2", hinting=False)
    subsetter = Subsetter(options)
    subsetter.populate(text=_LETTERS, glyphs=drawn)
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(target)


def _look() -> Path:
    spec = find_spec("unfold")
    if spec is None or spec.origin is None:
        raise ValueError("The look (django-unfold) is not installed.")
    return Path(spec.origin).parent


def _ligatures(font: Any) -> list[tuple[str, Any]]:
    """Return every ligature of the font, with the glyph of its first letter."""
    found = []
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            # An extension wraps its table.
            inner = getattr(table, "ExtSubTable", table)
            for first, ligatures in getattr(inner, "ligatures", {}).items():
                found += [(first, ligature) for ligature in ligatures]
    return found


if __name__ == "__main__":
    make()
    print(f"{FONT.relative_to(ROOT)}: {FONT.stat().st_size} bytes, {len(held())} icons")
