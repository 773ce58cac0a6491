# SPDX-License-Identifier: Apache-2.0
"""The description of an instance (try.json, or what setup.sh writes of a server), as the demos beside this file use it."""
import json
import socket
import ssl


def load(path: str) -> dict:
    """`reach`, when it is there, leads names to addresses: the DNS need not know a new server yet."""
    with open(path, encoding="utf-8") as file:
        instance = json.load(file)
    reach, ask = instance.get("reach", {}), socket.getaddrinfo
    socket.getaddrinfo = lambda host, *rest, **more: ask(reach.get(host, host), *rest, **more)
    return instance


def tls(instance: dict) -> ssl.SSLContext:
    """Trusts what is in the instance's file alone, be it an authority or the server's own certificate."""
    context = ssl.create_default_context(cafile=instance["ca"])
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
