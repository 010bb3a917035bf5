"""Make the built pages light, once they are all written.

- Style sheets become one, ``_static/site.css``, with the rules that some page can use.
- Scripts become one, ``_static/site.js``, which runs once the page has been read.
- Icons and formulas get the glyphs that they use, inside the style sheet: nothing loads late,
  nothing moves, and a folder without a server has them too.
- Drawings lose digits that no screen shows, keep their room, and load when they come into view.

Figures to play with and the search stay files of their own, which few pages load.
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

Nodes = list[Any]

# All that pages load, but for what stands apart.
COMMON = r'(?![^"]*(?:/play/|/site\.|/finder\.))'
SHEET = re.compile(rf'\s*<link [^>]*href="{COMMON}([^"?]*\.css)[^"]*"[^>]*>')
SCRIPT = re.compile(rf'\s*<script[^>]* src="{COMMON}([^"?]*\.js)[^"]*"[^>]*></script>')

# What is there and no page needs: live code, tabs, icons drawn once more, the search of Sphinx.
UNUSED = re.compile(r"thebe|fontawesome|design-tabs|searchtools|searchindex|language_data")
UNLOADED = re.compile(
    rf"{UNUSED.pattern}|^basic\.css$|^scripts/|^styles/|^locales/|macros\.html$|\.map$"
)
LEFT_OVER = re.compile(
    r'\s*<link rel="preload" as="script"[^>]*>'
    r"|\s*<script>DOCUMENTATION_OPTIONS\.[^<]*</script>"
    r'|\s*<script type="text/x-thebe-config">.*?</script>'
    r"|\s*<script>[^<]*[tT]hebe[^<]*</script>",
    re.DOTALL,
)

# Where icons come from: the name in the style sheets, the weight, and the file.
ICONS = (
    ("Font Awesome 6 Free", 900, "fa-solid-900.ttf"),
    ("Font Awesome 6 Brands", 400, "fa-brands-400.ttf"),
)
FORMULA_FONT = "Formula"

# What a browser takes for a variable, by the letter: the mathematical italic.
ITALIC = {
    unicodedata.normalize("NFKC", chr(code)): chr(code)
    for code in (0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D716))
}


# What pages use


def words_of_page(html: str) -> set[str]:
    """Names that a selector may meet on a page: of elements, classes and ids, and in scripts."""
    named = " ".join(re.findall(r'\s(?:class|id)="([^"]*)"', html))
    scripts = " ".join(re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL))
    elements = re.findall(r"<([a-zA-Z][\w-]*)", html)
    return {*elements, *unescape(named).split()} | words_of_script(scripts)


def words_of_script(script: str) -> set[str]:
    """Every word of a script: it may give any of them to an element."""
    return set(re.findall(r"[A-Za-z_][\w-]*", script))


# Style sheets


def read_sheet(path: Path) -> str:
    """A style sheet with those that it imports, so that it stands alone."""
    imports = re.compile(r'@import\s+(?:url\()?["\']([^"\']+)["\']\)?\s*;')
    return imports.sub(lambda at: read_sheet(path.parent / at[1]), path.read_text("utf-8"))


def matches(selector: Nodes, words: set[str]) -> bool:
    """Whether every name in one selector is among `words`."""
    before = ""
    for node in selector:
        named = node.type == "hash" or (node.type == "ident" and before != ":")
        if named and node.value not in words:
            return False
        one_of = node.type == "function" and node.lower_name in ("is", "where")
        if one_of and not any(matches(part, words) for part in commas(node.arguments)):
            return False
        before = node.value if node.type == "literal" else ""
    return True


def commas(nodes: Nodes) -> list[Nodes]:
    """Nodes between the commas."""
    parts: list[Nodes] = [[]]
    for node in nodes:
        if node.type == "literal" and node.value == ",":
            parts.append([])
        elif node.type != "comment":
            parts[-1].append(node)
    return parts


def tight(nodes: Nodes) -> str:
    """Nodes as text with no more space than they need."""
    text = tinycss2.serialize([node for node in nodes if node.type != "comment"])
    return re.sub(r"\s+", " ", text.replace("/**/", "")).strip()


def needed(rules: Nodes, words: set[str], named: set[str] | None) -> Iterator[str]:
    """The rules that some page can use.

    Custom properties and animations are kept if `named` has them, or if it is None. Left out are
    @charset, and the @font-face of the icons, of which `icons` makes small ones.
    """
    for rule in rules:
        body = ""
        if rule.type == "qualified-rule":
            kept = [tight(part) for part in commas(rule.prelude) if matches(part, words)]
            head = ",".join(kept)
            body = declarations(rule.content, named) if kept else ""
        elif rule.type == "at-rule":
            word, prelude = rule.lower_at_keyword, tight(rule.prelude)
            head = f"@{rule.at_keyword} {prelude}"
            if word in ("media", "supports", "container"):
                inside = tinycss2.parse_rule_list(rule.content, True, True)
                body = "".join(needed(inside, words, named))
            elif word.endswith("keyframes") and (named is None or prelude in named):
                body = tight(rule.content)
        if body:
            yield f"{head}{{{body}}}"


def declarations(nodes: Nodes, named: set[str] | None) -> str:
    """What a block declares, without custom properties that nothing names."""
    parts = tinycss2.parse_blocks_contents(nodes, skip_comments=True, skip_whitespace=True)
    if any(part.type != "declaration" for part in parts):
        return tight(nodes)  # a block in a block: as it is
    return ";".join(
        f"{part.name}:{tight(part.value)}{'!important' if part.important else ''}"
        for part in parts
        if named is None or not part.name.startswith("--") or part.name in named
    )


def prune(css: str, words: set[str]) -> str:
    """The part of `css` that an element with names among `words` can meet."""
    before, named = None, None
    while css != before:
        rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
        before = css if named is not None else None
        css = "\n".join(needed(rules, words, named))
        named = words | set(re.findall(r"var\(\s*(--[\w-]+)", css))
        for value in re.findall(r"animation(?:-name)?:([^;}]*)", css):
            named.update(re.findall(r"[\w-]+", value))
    return css


# Glyphs


# It tells every table that it makes smaller.
logging.getLogger("fontTools").setLevel(logging.WARNING)


def face(family: str, weight: int, font: Path, characters: Iterable[str]) -> str:
    """A font face with the glyphs of `characters` and no others, inside the style sheet."""
    options = subset.Options(layout_features=[], hinting=False, flavor="woff")
    options.drop_tables += ["GPOS", "GDEF", "GSUB", "gasp"]
    options.name_IDs = [0, 1, 2, 13, 14]  # who made it, and under which licence
    whole = subset.load_font(font, options)
    maker = subset.Subsetter(options)
    maker.populate(text="".join(sorted(set(characters))))
    maker.subset(whole)
    file = io.BytesIO()
    subset.save_font(whole, file, options)
    address = "data:font/woff;base64," + base64.b64encode(file.getvalue()).decode()
    return f'@font-face{{font-family:"{family}";font-weight:{weight};src:url({address})}}\n'


def icons(css: str, folder: Path) -> str:
    """The icons that the rules of `css` draw."""
    drawn = set(re.findall("[\ue000-\uf8ff]", css))
    drawn |= {chr(int(code, 16)) for code in re.findall(r'"\\([ef][0-9a-f]{3})"', css)}
    faces = ""
    for family, weight, name in ICONS:
        known = drawn & {chr(code) for code in TTFont(folder / name).getBestCmap()}
        faces += face(family, weight, folder / name, known) if known else ""
    return faces


def characters_of_formulas(html: str) -> set[str]:
    """What the formulas of a page are written with, single letters in their slanted form too."""
    found: set[str] = set()
    for formula in re.findall(r"<math.*?</math>", html, re.DOTALL):
        for name, text in re.findall(r"<(m[a-z]+)[^>]*>([^<]+)", formula):
            found.update(unescape(text))
            found.update(ITALIC.get(unescape(text), "") if name == "mi" else "")
        if "<msqrt" in formula or "<mroot" in formula:
            found.add("√")
    return found


def formula_font(characters: Iterable[str]) -> str:
    """STIX Two Math, which a package brings, with the glyphs of our formulas."""
    package = Path(str(find_spec("ziamath").origin)).parent  # type: ignore[union-attr]
    font = package / "fonts" / "STIXTwoMath-Regular.ttf"
    return face(FORMULA_FONT, 400, font, characters)


# Code


def plain_code(html: str, uncoloured: set[str]) -> str:
    """Code without marks around words that have the colour of the rest: half of all elements."""
    mark = re.compile(r'<span class="([\w-]+)">([^<]*)</span>')

    def block(found: re.Match[str]) -> str:
        return mark.sub(lambda each: each[2] if each[1] in uncoloured else each[0], found[0])

    return re.sub(r"<pre>.*?</pre>", block, html, flags=re.DOTALL).replace("<span></span>", "")


def uncoloured(css: str) -> set[str]:
    """Classes of code that look, in each theme, like code without a class."""
    ground: dict[str, str] = {}
    shown: dict[str, list[bool]] = {}
    rule = re.compile(r"^([^{}\n]*?)\.highlight(?: \.(\w+))?\{([^{}]*)\}", re.MULTILINE)
    for theme, name, declared in rule.findall(css):
        colour = re.search(r"(?:^|;)color:([^;]*)", declared)
        if not name and colour:
            ground[theme] = f"color:{colour[1]}"
        elif name:
            shown.setdefault(name, []).append(declared == ground.get(theme))
    return {name for name, same in shown.items() if all(same)}


# Drawings


def lighter_drawing(svg: str) -> str:
    """A drawing with hundredths of a point at most, and without what is not drawn."""
    unseen = r"<\?xml[^>]*\?>|<!DOCTYPE[^>]*>|<!--.*?-->|<metadata>.*?</metadata>"
    places = r'(?<=\s)(?:d|points|[xy][12]?|c[xy])="[^"]*|translate\([^)]*'

    def shorter(found: re.Match[str]) -> str:
        # Plus zero: minus zero is written as zero.
        two = re.sub(r"-?\d+\.\d+", lambda n: f"{round(float(n[0]), 2) + 0:g}", found[0])
        return " ".join(two.split())

    svg = re.sub(places, shorter, re.sub(unseen, "", svg, flags=re.DOTALL))
    return re.sub(r">\s+<", ">\n<", svg).strip() + "\n"


def room(svg: str) -> str:
    """Attributes of a picture with the width and height of its drawing in pixels."""
    said = r'<svg\b[^>]*?\swidth="([\d.]+)(pt)?[^>]*?\sheight="([\d.]+)'
    box = r'<svg\b[^>]*?\sviewBox="\S+ \S+ ([\d.]+)() ([\d.]+)'
    found = re.search(said, svg) or re.search(box, svg)
    if found is None:
        return ""
    width, height = (round(float(side) * (4 / 3 if found[2] else 1)) for side in found.group(1, 3))
    return f' width="{width}" height="{height}"'


def keep_room(page: Path, html: str) -> str:
    """Give each picture of a page its size, and load it when it comes into view."""

    def image(found: re.Match[str]) -> str:
        sized = re.search(" (?:width|height)=", found[0])
        size = "" if sized else room((page.parent / found[1]).read_text("utf-8"))
        return f'<img loading="lazy" decoding="async"{size}{found[0][4:]}'

    return re.sub(r'<img\b(?![^>]*(?:loading=|logo))[^>]*src="([^"]+\.svg)"[^>]*>', image, html)


# The steps


def loaded(kind: re.Pattern[str], written: dict[Path, str]) -> list[Path]:
    """The files of one kind that pages load and need, each once."""
    found = (page.parent / at for page, html in written.items() for at in kind.findall(html))
    files = dict.fromkeys(path.resolve() for path in found)
    return [path for path in files if not UNUSED.search(path.name)]


def together(site: Path, written: dict[Path, str]) -> None:
    """One style sheet and one script for all pages, in place of those that they name."""
    static = site / "_static"
    sheets, scripts = loaded(SHEET, written), loaded(SCRIPT, written)
    if not sheets:
        return
    js = "\n;".join(path.read_text("utf-8") for path in scripts)
    js = re.sub(r"//# sourceMappingURL=.*", "", js)
    apart = [*static.glob("play/*.js"), *static.glob("finder.js")]
    words = words_of_script(js + "".join(path.read_text("utf-8") for path in apart))
    characters: set[str] = set()
    for html in written.values():
        words |= words_of_page(html)
        characters |= characters_of_formulas(html)
    css = prune("\n".join(map(read_sheet, sheets)), words)
    plain = uncoloured(css)
    faces = icons(css, static / "vendor" / "fontawesome" / "webfonts")
    css = faces + (formula_font(characters) if characters else "") + css
    for path in (*sheets, *scripts):
        path.unlink(missing_ok=True)
    for kind, tag, name, text in (
        (SHEET, '<link rel="stylesheet" href="{}" />', "site.css", css),
        (SCRIPT, '<script defer src="{}"></script>', "site.js", js),
    ):
        (static / name).write_text(text, "utf-8")
        # Its address tells its content, so that a browser keeps it until it changes.
        version = hashlib.sha256(text.encode()).hexdigest()[:10]
        for page, html in written.items():
            up = "../" * (len(page.relative_to(site).parts) - 1)
            ours = "\n    " + tag.format(f"{up}_static/{name}?v={version}")
            written[page] = kind.sub("", kind.sub(ours, html, count=1))
    for page, html in written.items():
        written[page] = plain_code(LEFT_OVER.sub("", html), plain)


def lighten(app: Sphinx, exception: Exception | None) -> None:
    """Do all of it to a site that was built without an error, and drop what no page loads."""
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir).resolve()
    for path in (site / "_images").glob("*.svg"):
        path.write_text(lighter_drawing(path.read_text("utf-8")), "utf-8")
    static = site / "_static"
    found = (path for path in sorted(site.rglob("*.html")) if static not in path.parents)
    written = {page: page.read_text("utf-8") for page in found}
    together(site, written)
    for page, html in written.items():
        page.write_text(keep_room(page, html), "utf-8")
    for path in sorted(static.rglob("*"), reverse=True):
        if path.is_file() and UNLOADED.search(path.relative_to(static).as_posix()):
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the step behind all others that finish a build."""
    app.connect("build-finished", lighten, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
