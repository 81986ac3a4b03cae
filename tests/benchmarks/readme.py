"""The tables of the README that benchmarks write."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

_README = Path(__file__).resolve().parent.parent.parent / "README.md"


def write_table(name: str, table: str, readme: Path = _README) -> None:
    """Puts a table, and what is said of it, in place of what stands between a README's marks of that benchmark."""
    before, mark, rest = readme.read_text(encoding="utf-8").partition(f"<!-- benchmark: {name} -->")
    if not mark:
        raise SystemExit(f"{readme} has no <!-- benchmark: {name} -->")
    after = rest.partition("<!-- end of benchmark -->")[2]
    readme.write_text(f"{before}{mark}\n\n{table}\n\n<!-- end of benchmark -->{after}", encoding="utf-8")


def machine(*packages: str) -> str:
    """What a benchmark ran on: cores, Python, and the versions of packages."""
    versions = [f"{name} {version(name)}" for name in packages]
    return ", ".join([f"{os.cpu_count()} cores", f"Python {platform.python_version()}", *versions])
