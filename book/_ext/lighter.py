"""Make the built pages light, once they are all written.

- Style sheets become one, ``_static/site.css``, with the rules that some page can use.
- Scripts become one, ``_static/site.js``, which runs once the page has been read.
- Icons and formulas get the glyphs that they use, inside the style sheet: nothing loads late,
  nothing moves, and a folder without a server has them too.
- Drawings lose digits that no screen shows, keep their room, and load when they come into view.

What belongs to a few pages only (:data:`APART`) stays a file of its own.
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

Nodes = list[Any]

# Figures to play with, and the search: only the pages that have them load them.
SEARCH = re.compile(r"(?:^|/)(?:searchtools|searchindex|language_data|finder)\.js")
APART = re.compile(rf"(?:^|/)play/|{SEARCH.pattern}")

# What the theme brings and no page needs: live code, tabs, and the icons drawn once more.
UNUSED = re.compile(r"thebe|fontawesome\.js|design-tabs\.js")

UNLOADED = re.compile(
    r"thebe|fontawesome|design-tabs|^basic\.css$|^scripts/|^styles/|^locales/|macros\.html$|\.map$"
)

SHEET = re.compile(r'\s*<link [^>]*href="(?P<at>[^"?]*\.css)[^"]*"[^>]*>')
SCRIPT = re.compile(r'\s*<script(?P<more>[^>]*?) src="(?P<at>[^"?]*\.js)[^"]*"[^>]*></script>')
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


# Pages and what they use


def pages(site: Path) -> list[Path]:
    """The pages of the built site."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)


def words_of_page(html: str) -> set[str]:
    """Names that a selector may meet on a page: of elements, classes and ids."""
    found = set(re.findall(r"<([a-zA-Z][\w-]*)", html))
    for value in re.findall(r'\s(?:class|id)="([^"]*)"', html):
        found.update(unescape(value).split())
    return found


def words_of_script(script: str) -> set[str]:
    """Every word of a script: it may give any of them to an element."""
    return set(re.findall(r"[A-Za-z_][\w-]*", script))


# Style sheets


def read_sheet(path: Path) -> str:
    """A style sheet with those that it imports, so that it stands alone."""
    css = path.read_text("utf-8")
    imports = re.compile(r'@import\s+(?:url\()?["\']([^"\']+)["\']\)?\s*;')
    return imports.sub(lambda found: read_sheet((path.parent / found[1]).resolve()), css)


def matches(selector: Nodes, words: set[str]) -> bool:
    """Whether every name in one selector is among `words`."""
    for before, node in zip([None, *selector], selector, strict=False):
        if node.type == "hash" and node.value not in words:
            return False
        if node.type == "ident":
            pseudo = before is not None and before.type == "literal" and before.value in (":", "::")
            if not pseudo and node.value not in words:
                return False
        one_of = node.type == "function" and node.lower_name in ("is", "where")
        if one_of and not any(matches(part, words) for part in commas(node.arguments)):
            return False
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

    Custom properties and animations are kept if `named` has them, or if it is None.
    """
    for rule in rules:
        if rule.type == "qualified-rule":
            kept = [tight(part) for part in commas(rule.prelude) if matches(part, words)]
            body = declarations(rule.content, named) if kept else ""
            if body:
                yield f"{','.join(kept)}{{{body}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports", "container"):
            body = "".join(needed(rule_list(rule.content), words, named))
            if body:
                yield f"@{rule.at_keyword} {tight(rule.prelude)}{{{body}}}"
        elif (
            rule.type == "at-rule"
            and rule.lower_at_keyword.endswith("keyframes")
            and (named is None or tight(rule.prelude) in named)
        ):
            yield f"@{rule.at_keyword} {tight(rule.prelude)}{{{tight(rule.content)}}}"
        # Left out: @charset, and the @font-face of the icons, of which `icons` makes small ones.


def rule_list(nodes: Nodes) -> Nodes:
    """The rules inside a block."""
    rules: Nodes = tinycss2.parse_rule_list(nodes, skip_comments=True, skip_whitespace=True)
    return rules


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
    named: set[str] | None = None
    while True:
        rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
        smaller = "\n".join(needed(rules, words, named))
        if named is not None and smaller == css:
            return css
        css = smaller
        named = words | set(re.findall(r"var\(\s*(--[\w-]+)", css))
        for value in re.findall(r"animation(?:-name)?:([^;}]*)", css):
            named.update(re.findall(r"[\w-]+", value))


# Glyphs


# It tells every table that it makes smaller.
logging.getLogger("fontTools").setLevel(logging.WARNING)


def few_glyphs(font: Path, characters: Iterable[str]) -> str:
    """A font with the glyphs of `characters` and no others, as the address of its own content."""
    options = subset.Options()
    options.layout_features = []
    options.drop_tables += ["GPOS", "GDEF", "GSUB", "gasp"]
    options.hinting = False
    options.name_IDs = [0, 1, 2, 13, 14]  # who made it, and under which licence
    face = TTFont(font, recalcTimestamp=False)
    maker = subset.Subsetter(options)
    maker.populate(text="".join(sorted(set(characters))))
    maker.subset(face)
    face.flavor = "woff"
    file = io.BytesIO()
    face.save(file)
    return "data:font/woff;base64," + base64.b64encode(file.getvalue()).decode()


def face(family: str, weight: int, address: str) -> str:
    """A font face that is there as soon as its style sheet is."""
    return f'@font-face{{font-family:"{family}";font-weight:{weight};src:url({address})}}\n'


def icons(css: str, folder: Path) -> str:
    """The icons that the rules of `css` draw."""
    drawn = set(re.findall("[\ue000-\uf8ff]", css))
    drawn |= {chr(int(code, 16)) for code in re.findall(r'"\\([ef][0-9a-f]{3})"', css)}
    faces = ""
    for family, weight, name in ICONS:
        known = drawn & {chr(code) for code in TTFont(folder / name).getBestCmap()}
        if known:
            faces += face(family, weight, few_glyphs(folder / name, known))
    return faces


def characters_of_formulas(html: str) -> set[str]:
    """What the formulas of a page are written with, single letters in their slanted form too."""
    found: set[str] = set()
    for formula in re.findall(r"<math.*?</math>", html, re.DOTALL):
        for name, text in re.findall(r"<(m[a-z]+)[^>]*>([^<]+)", formula):
            found.update(unescape(text))
            if name == "mi":
                found.update(slanted(unescape(text)))
        if "<msqrt" in formula or "<mroot" in formula:
            found.add("√")
    return found


def slanted(letter: str) -> str:
    """The mathematical italic of a single letter, which a browser takes for a variable."""
    if letter == "h":
        return "ℎ"
    for first, last, italic in (("a", "z", 0x1D44E), ("A", "Z", 0x1D434)):
        if len(letter) == 1 and first <= letter <= last:
            return chr(italic + ord(letter) - ord(first))
    for first, last, italic in (("α", "ω", 0x1D6FC), ("Α", "Ω", 0x1D6E2)):
        if len(letter) == 1 and first <= letter <= last:
            return chr(italic + ord(letter) - ord(first))
    return "\U0001d715" if letter == "∂" else ""


def formula_font(written: Iterable[str]) -> str:
    """STIX Two Math, which a package brings, with the glyphs of our formulas."""
    spec = find_spec("ziamath")
    if spec is None or spec.origin is None:
        raise RuntimeError("ziamath is not installed: run `make book`")
    font = Path(spec.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"
    return face(FORMULA_FONT, 400, few_glyphs(font, written))


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
    svg = re.sub(r"<\?xml[^>]*\?>|<!DOCTYPE[^>]*>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)

    def path(found: re.Match[str]) -> str:
        numbers = re.sub(r"-?\d+\.\d+", lambda number: rounded(number[0]), found[2])
        return f'{found[1]}="{" ".join(numbers.split())}"'

    svg = re.sub(r'(?<=\s)(d|points|x|y|cx|cy|x1|x2|y1|y2)="([^"]*)"', path, svg)
    svg = re.sub(
        r"(translate\()([^)]*)",
        lambda found: found[1] + re.sub(r"-?\d+\.\d+", lambda n: rounded(n[0]), found[2]),
        svg,
    )
    return re.sub(r">\s+<", ">\n<", svg).strip() + "\n"


def rounded(number: str) -> str:
    """A number with two decimals at most."""
    text = f"{float(number):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def size_of_drawing(svg: str) -> tuple[int, int] | None:
    """Width and height in pixels."""
    opening = re.search(r"<svg\b[^>]*>", svg)
    if opening is None:
        return None
    lengths = [
        re.search(rf'\s{side}="([\d.]+)(pt|px|)"', opening[0]) for side in ("width", "height")
    ]
    if all(lengths):
        pixels = [float(at[1]) * (4 / 3 if at[2] == "pt" else 1) for at in lengths if at]
        return round(pixels[0]), round(pixels[1])
    box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', opening[0])
    return (round(float(box[1])), round(float(box[2]))) if box else None


def keep_room(page: Path, html: str) -> str:
    """Give each picture of a page its size, and load it when it comes into view."""

    def image(found: re.Match[str]) -> str:
        tag = found[0]
        at = re.search(r'src="([^"]+\.svg)"', tag)
        if at is None or "loading=" in tag or "logo" in tag:
            return tag
        more = ' loading="lazy" decoding="async"'
        drawing = (page.parent / at[1]).resolve()
        size = size_of_drawing(drawing.read_text("utf-8")) if drawing.is_file() else None
        if size and " width=" not in tag and " height=" not in tag:
            more += f' width="{size[0]}" height="{size[1]}"'
        return f"<img{more}{tag[4:]}"

    return re.sub(r"<img\b[^>]*>", image, html)


# The steps


def together(site: Path, written: dict[Path, str]) -> None:
    """One style sheet and one script for all pages, in place of those that they name."""
    sheets: dict[Path, None] = {}
    scripts: dict[Path, None] = {}

    def collect(found: re.Match[str], page: Path, into: dict[Path, None]) -> None:
        at = found["at"]
        if not UNUSED.search(at) and not APART.search(at):
            into[(page.parent / at).resolve()] = None

    for page, html in written.items():
        for found in SHEET.finditer(html):
            collect(found, page, sheets)
        for found in SCRIPT.finditer(html):
            collect(found, page, scripts)
    static = (site / "_static").resolve()
    made = {static / "site.css", static / "site.js"}
    if not set(sheets) - made:
        return
    js = "\n;".join(script_text(path) for path in scripts if path not in made)
    own = (*sorted(static.glob("play/*.js")), static / "finder.js")
    apart = "".join(path.read_text("utf-8") for path in own if path.is_file())
    words = words_of_script(js + apart)
    inline = re.compile(r"<script[^>]*>(.*?)</script>", re.DOTALL)
    characters: set[str] = set()
    for html in written.values():
        words |= words_of_page(html)
        words |= words_of_script(" ".join(inline.findall(html)))
        characters |= characters_of_formulas(html)
    css = prune("\n".join(read_sheet(path) for path in sheets if path not in made), words)
    faces = icons(css, static / "vendor" / "fontawesome" / "webfonts")
    if characters:
        faces += formula_font(characters)
    (static / "site.css").write_text(faces + css, "utf-8")
    (static / "site.js").write_text(js, "utf-8")
    for path in {*sheets, *scripts} - made:
        path.unlink(missing_ok=True)
    plain = uncoloured(css)
    for page, html in written.items():
        written[page] = plain_code(name_the_two(page, html, static), plain)


def script_text(path: Path) -> str:
    """A script without the address of its map."""
    return re.sub(r"//# sourceMappingURL=.*", "", path.read_text("utf-8"))


def name_the_two(page: Path, html: str, static: Path) -> str:
    """Let a page load the one style sheet and the one script, and what stands apart."""
    if not SHEET.search(html):
        return html
    up = "../" * (len(page.resolve().relative_to(static.parent).parts) - 1) + "_static/"
    css, js = (f"{up}{name}?v={digest(static / name)}" for name in ("site.css", "site.js"))
    sheet = f'\n    <link rel="stylesheet" href="{css}" />'
    script = f'\n    <script defer src="{js}"></script>'

    def once(text: str) -> Callable[[re.Match[str]], str]:
        left = [text]

        def replace(found: re.Match[str]) -> str:
            at = found["at"]
            if SEARCH.search(at) and page.name != "search.html":
                return ""
            if APART.search(at):
                return (
                    found[0] if " defer" in found[0] else found[0].replace(" src=", " defer src=")
                )
            return left.pop() if left else ""

        return replace

    html = LEFT_OVER.sub("", html)
    return SCRIPT.sub(once(script), SHEET.sub(once(sheet), html))


def digest(path: Path) -> str:
    """A short name of a file's content, so that a browser keeps it until it changes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def lighten(app: Sphinx, exception: Exception | None) -> None:
    """Do all of it to a site that was built without an error."""
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir)
    for path in (site / "_images").glob("*.svg"):
        path.write_text(lighter_drawing(path.read_text("utf-8")), "utf-8")
    written = {page: page.read_text("utf-8") for page in pages(site)}
    together(site, written)
    for page, html in written.items():
        page.write_text(keep_room(page, html), "utf-8")
    drop_unused(site / "_static")


def drop_unused(static: Path) -> None:
    """Remove what no page loads any more."""
    for path in sorted(static.rglob("*"), reverse=True):
        if path.is_file() and UNLOADED.search(path.relative_to(static).as_posix()):
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the step behind all others that finish a build."""
    app.connect("build-finished", lighten, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
