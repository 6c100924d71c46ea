"""Writes an enclave of so many MiB as an SGXS stream to standard output: pages of zeros that are added and measured."""

import struct
import sys

PAGE = 4096
CHUNK = 256
REGULAR_READ_WRITE = 0x203

pages = int(sys.argv[1]) * 1024 * 1024 // PAGE
size = 1
while size < pages * PAGE:
    size *= 2
out = sys.stdout.buffer
out.write(b"ECREATE\0" + struct.pack("<IQ", 1, size) + bytes(44))
for page in range(pages):
    out.write(b"EADD\0\0\0\0" + struct.pack("<QQ", page * PAGE, REGULAR_READ_WRITE) + bytes(40))
    for chunk in range(0, PAGE, CHUNK):
        out.write(b"EEXTEND\0" + struct.pack("<Q", page * PAGE + chunk) + bytes(48 + CHUNK))
