"""Returns when the daemon at the admin socket that is named builds an enclave of more than 4 MiB; fails where it builds none for half a minute."""

import http.client
import re
import socket
import sys
import time

PAGES = 1024


class Admin(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(sys.argv[1])


def used_pages():
    admin = Admin("localhost", timeout=10)
    admin.request("GET", "/metrics")
    text = admin.getresponse().read().decode()
    admin.close()

    def value(metric):
        return float(re.search(rf"^{metric} (\S+)", text, re.MULTILINE)[1])

    return value("jsgx_epc_pages") - value("jsgx_epc_free_pages")


deadline = time.monotonic() + 30
while used_pages() < PAGES:
    if time.monotonic() > deadline:
        sys.exit("no enclave is being built")
    time.sleep(0.02)
