# SPDX-License-Identifier: Apache-2.0
"""kill -9 of a process of the running instance, which is then started again as it was."""
import json
import os
import pathlib
import signal
import socket
import subprocess

from session import wait_for


class Process:
    """One of the instance's processes, started again with the command and environment that it had."""

    def __init__(self, instance, name):
        self.state = pathlib.Path(instance.values["data"]).parent
        self.name, self.pid = name, instance.values["pids"][name]
        self.command = (self.state / "run" / f"{name}.command").read_bytes().split(b"\0")[:-1]

    def kill_and_restart(self):
        os.kill(self.pid, signal.SIGKILL)
        try:
            os.waitpid(self.pid, 0)
        except ChildProcessError:
            wait_for(self.is_dead, f"{self.name} to die")
        with open(self.state / "logs" / f"{self.name}.log", "ab") as log:
            process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.pid = process.pid
        (self.state / "run" / f"{self.name}.pid").write_text(f"{self.pid}\n")
        # Whoever comes later is told which process it is now.
        description = self.state / "try.json"
        values = json.loads(description.read_text())
        values["pids"][self.name] = self.pid
        description.write_text(json.dumps(values, indent=2))

    @staticmethod
    def answers(port):
        try:
            socket.create_connection(("localhost", port), timeout=5).close()
            return True
        except OSError:
            return False

    def is_dead(self):
        """Every thread of it: the last one closes the sockets."""
        try:
            status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True
        return "State:\tZ" in status and "Threads:\t1\n" in status
