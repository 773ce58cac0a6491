# SPDX-License-Identifier: Apache-2.0
"""Each service is given the keys that it reads and no others: what its code asks for, what set-up puts into its folder, what Compose
mounts, and what the manuals say are the same.   usage: (none)
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
programs = {"smtp-inbound": "SMTPInbound", "smtp-outbound": "SMTPOutbound", "mail-access": "MailAccess",
            "dav-access": "DAVAccess", "web-admin": "WebAdmin", "backup": "Backup"}
purposes = {"configuration", "accounts", "spool", "signing"}
setup = (root / "Services/Setup/containers.sh").read_text()
compose = (root / "compose.yaml").read_text()
wrong = []


def same(what, found, expected):
    if found != expected:
        wrong.append(f"{what}: {sorted(found)}, but its code reads {sorted(expected)}")


def asked(program):
    """Purposes that the sources of a service load."""
    found = set()
    for path in (root / "Services" / program).glob("**/*.swift"):
        for only in re.findall(r"PurposeKeys\(folder: [^,]+, only: \[([^]]*)\]\)", path.read_text()):
            found |= set(re.findall(r"\.(\w+)", only))
        assert not re.search(r"PurposeKeys\(folder: [^,)]+\)", path.read_text()), f"{path} loads every key"
    return found


given = {name: set(files.split()) for name, files in re.findall(r'^\s+\[([a-z-]+)\]="([^"]*)"$', setup, re.M)}
for service, program in programs.items():
    keys = {name.removesuffix(".key") for name in given[service] if name.removesuffix(".key") in purposes}
    same(f"containers.sh, {service}", keys, asked(program))
    assert "master.key" not in given[service] and "recovery.public" not in given[service], service
    block = re.search(rf"^  {service}:\n(.*?)(?=^  \S|\Z)", compose, re.M | re.S)[1]
    mounted = set(re.findall(r"\$\{MAILKEEP_SECRETS[^}]*\}/([a-z-]+):", block))
    if mounted != {service}:
        wrong.append(f"compose.yaml, {service}: mounts secrets of {sorted(mounted)}")
    line = re.search(rf"^\| `{service}` \| \d+ \| ([^|]*) \|$", (root / "docs/operations.md").read_text(), re.M)[1]
    same(f"docs/operations.md, {service}", {purpose for purpose in purposes if re.search(rf"\b{purpose}\b", line.split(";")[0])} - (
        {"configuration"} if service == "backup" else set()), asked(program))
architecture = (root / "docs/architecture.md").read_text()
columns = [name.strip() for name in re.search(r"^\| \| (configuration.*) \|$", architecture, re.M)[1].split("|")]
for program in programs.values():
    row = re.search(rf"^\| {program} \|(.*)\|$", architecture, re.M)[1].split("|")
    same(f"docs/architecture.md, {program}", {name for name, cell in zip(columns, row) if "●" in cell}, asked(program))
if re.search(r"MAILKEEP_SECRETS[^}]*\}(:|/all)", compose):
    wrong.append("compose.yaml mounts the folder with every secret")
if wrong:
    sys.exit("\n".join(wrong))
print(f"{len(programs)} services have the keys that they read and no others")
