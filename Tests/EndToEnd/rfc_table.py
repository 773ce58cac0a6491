# SPDX-License-Identifier: Apache-2.0
"""docs/rfc.md and the code name the same RFCs.   usage: rfc_table.py [ROOT]"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
table = {int(n) for n in re.findall(r"(?m)^\| (\d{3,4}) \|", (root / "docs" / "rfc.md").read_text())}
cited = {}
for folder in ("Services", "Shared"):
    for path in (root / folder).rglob("*"):
        if path.suffix in (".swift", ".c", ".h"):
            for number in re.findall(r"RFC[ \u00a0](\d{3,4})\b", path.read_text(errors="replace")):
                cited.setdefault(int(number), path.relative_to(root))
missing = {number: path for number, path in cited.items() if number not in table}
for number, path in sorted(missing.items()):
    print(f"RFC {number} is cited in {path} and is not in docs/rfc.md")
for number in sorted(table - set(cited)):
    print(f"RFC {number} is in docs/rfc.md and nothing cites it")
sys.exit(1 if missing or table - set(cited) else 0)
