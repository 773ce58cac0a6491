# SPDX-License-Identifier: Apache-2.0
"""How the Python end-to-end checks are told and counted."""
import sys

failures = []


def check(name, good, seen=""):
    print(f"  {'ok  ' if good else 'FAIL'} {name}" + ("" if good else f": {str(seen)[:600]}"), flush=True)
    if not good:
        failures.append(name)


def part(function):
    """A failed part does not hide the others."""
    try:
        function()
    except Exception as error:  # noqa: BLE001: whatever it was, it is a finding
        check(function.__name__, False, f"{type(error).__name__}: {error}")


def run_parts(parts, tidy=None):
    """All of them, or those named behind TRY.JSON, then `tidy`; leaves with an error when a check failed."""
    chosen = sys.argv[2:]
    for one in parts:
        if not chosen or one.__name__ in chosen:
            print(one.__name__.replace("_", " "), flush=True)
            part(one)
    if tidy:
        part(tidy)
    if failures:
        sys.exit(f"{len(failures)} checks failed: " + "; ".join(failures))
