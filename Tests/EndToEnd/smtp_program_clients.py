# SPDX-License-Identifier: Apache-2.0
"""Programs that send mail: swaks and curl against a running instance.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import shutil
import subprocess
import tempfile

from checks import check, run_parts
from smtp_session import anna, bob, domain, instance, marker, message, port, stored

ca = instance.values["ca"]


def installed():
    missing = [tool for tool in ("swaks", "curl") if not shutil.which(tool)]
    check("the clients are installed", not missing, missing)


def swaks(*arguments):
    run = subprocess.run(
        ["swaks", "--helo", "client.example", "--timeout", "60", *arguments], capture_output=True, text=True, check=False
    )
    return run.returncode, run.stdout + run.stderr


def with_swaks():
    code, output = swaks(
        "--server", f"127.0.0.1:{port['smtp']}", "--from", "s@elsewhere.invalid", "--to", anna["address"],
        "--header", f"Subject: {marker} swaks in", "--tls", "--tls-ca-path", ca,
    )
    check("swaks brings a message over STARTTLS", code == 0 and stored(anna, "swaks in"), output)
    for mechanism in ("PLAIN", "LOGIN"):
        code, output = swaks(
            "--server", f"localhost:{port['submission']}", "--from", anna["address"], "--to", bob["address"], "--tls",
            "--auth", mechanism, "--auth-user", anna["address"], "--auth-password", anna["password"],
            "--header", f"Subject: {marker} swaks {mechanism}",
        )
        check(f"swaks submits with {mechanism}", code == 0 and stored(bob, f"swaks {mechanism}"), output)
    code, output = swaks(
        "--server", f"localhost:{port['submissions']}", "--from", anna["address"], "--to", bob["address"],
        "--tls-on-connect", "--auth", "PLAIN", "--auth-user", anna["address"], "--auth-password", "wrong",
    )
    check("swaks with a wrong password fails", code == 28, output)
    code, output = swaks(
        "--server", f"127.0.0.1:{port['smtp']}", "--from", "s@elsewhere.invalid", "--to", f"nobody@{domain}"
    )
    check("swaks to nobody fails", code == 24 and "550 5.1.1" in output, output)


def with_curl():
    with tempfile.NamedTemporaryFile() as file:
        file.write(message("curl"))
        file.flush()
        run = subprocess.run(
            ["curl", "-sS", "--max-time", "60", "--cacert", ca, "--url", f"smtps://localhost:{port['submissions']}",
             "--user", f"{anna['address']}:{anna['password']}", "--mail-from", anna["address"],
             "--mail-rcpt", bob["address"], "--upload-file", file.name],
            capture_output=True, text=True, check=False,
        )
        check("curl submits", run.returncode == 0 and stored(bob, "curl"), run.stderr)
        run = subprocess.run(
            ["curl", "-sS", "--max-time", "60", "--url", f"smtp://127.0.0.1:{port['smtp']}/client.example",
             "--mail-from", "c@elsewhere.invalid", "--mail-rcpt", bob["address"], "--upload-file", file.name],
            capture_output=True, text=True, check=False,
        )
        check("curl brings a message", run.returncode == 0, run.stderr)


run_parts([installed, with_swaks, with_curl])
