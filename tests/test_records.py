"""Records stay as they were made: every dataclass of the helpers is frozen."""

import ast
from pathlib import Path

HELPERS = Path(__file__).parents[1] / "src/helpers"


def test_every_dataclass_is_frozen():
    made = {}
    for path in sorted(HELPERS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                made[f"{path.stem}.{node.name}"] = [ast.unparse(d) for d in node.decorator_list]
    records = {name: how for name, how in made.items() if "dataclass" in str(how)}
    assert len(records) > 20
    assert [name for name, how in records.items() if "frozen=True" not in str(how)] == []
