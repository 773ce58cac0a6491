# SPDX-License-Identifier: Apache-2.0
"""Makes an empty source, and empty resources, for each target of a dumped package, so that its dependencies build without our sources.

usage: placeholder_sources.py PACKAGE.JSON
"""
import json
import pathlib
import sys

for target in json.loads(pathlib.Path(sys.argv[1]).read_text())["targets"]:
    folder = pathlib.Path(target["path"])
    folder.mkdir(parents=True, exist_ok=True)
    for resource in target.get("resources", []):
        (folder / resource["path"]).mkdir(exist_ok=True)
        (folder / resource["path"] / "placeholder.txt").write_text("")
    if target["type"] == "system":
        (folder / "module.modulemap").write_text(f'module {target["name"]} {{}}\n')
    elif target["name"].startswith("C"):
        (folder / "include").mkdir(exist_ok=True)
        (folder / "include" / f'{target["name"]}.h').write_text("")
        (folder / "placeholder.c").write_text("")
    elif target["type"] == "executable":
        (folder / "main.swift").write_text("")
    else:
        (folder / "Placeholder.swift").write_text("")
