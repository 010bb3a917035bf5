"""Well-known texts to train on, fetched only when asked for; no chapter needs any of them.

Digests: of **tiny_shakespeare** (karpathy/char-rnn at 6f9487a) as TensorFlow Datasets publishes it,
of **wikitext_2** (Merity et al. 2016, CC BY-SA, as one of its authors keeps it) as Hugging Face
Datasets published it.
"""

import os
from pathlib import Path
from typing import Any

import pooch

from helpers import corpus

SOURCES: dict[str, dict[str, Any]] = {
    "tiny_shakespeare": {
        "url": "https://raw.githubusercontent.com/karpathy/char-rnn/"
        "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
        "known_hash": "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    },
    "wikitext_2": {
        "url": "https://wikitext.smerity.com/wikitext-2-raw-v1.zip",
        "known_hash": "ef7edb566e3e2b2d31b29c1fdb0c89a4cc683597484c3dc2517919c615435a11",
        "processor": pooch.Unzip(members=["wikitext-2-raw/wiki.train.raw"]),
    },
}

NAMES = tuple(SOURCES)  # What `fetch` takes as `name`

load = corpus.read_text  # A text as ids: a reader's own file, or what `fetch` gives


def fetch(name: str, folder: str | os.PathLike[str] = "texts") -> Path:
    """The file of a well-known text, downloaded once, its SHA-256 checked each time."""
    if name not in SOURCES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}, got {name!r}")
    source = SOURCES[name]
    suffix = Path(source["url"]).suffix
    found = pooch.retrieve(**source, fname=name + suffix, path=folder)
    return Path(found if isinstance(found, str) else found[0])
