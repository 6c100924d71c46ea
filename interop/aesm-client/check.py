"""Talks to a running daemon: check.py SOCKET STEP [ARGUMENT...]. Each step prints one line, and fails with what was expected and what came."""

import socket
import struct
import sys
import threading
import time

import aesm_client as aesm
from aesm_client import Connection, ask, bytes_field, frame, token_request

TOKEN_BYTES = 304


def expect(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: expected {expected!r}, came {found!r}")


def identity(sigstruct):
    """MRENCLAVE, the modulus and ATTRIBUTES of a SIGSTRUCT, from their places in the manual's table."""
    data = open(sigstruct, "rb").read()
    expect("bytes of a SIGSTRUCT", len(data), 1808)
    return data[960:992], data[128:512], data[928:944]


def token(path, sigstruct, out):
    field, error, content = ask(path, token_request(*identity(sigstruct)))
    expect("answer's field", field, aesm.GET_TOKEN)
    expect("errorCode", error, aesm.SUCCESS)
    expect("bytes of the token", len(content[2]), TOKEN_BYTES)
    mr_enclave, _, attributes = identity(sigstruct)
    expect("VALID", content[2][0:4], b"\1\0\0\0")
    expect("the token's ATTRIBUTES", content[2][48:64], attributes)
    expect("the token's MRENCLAVE", content[2][64:96], mr_enclave)
    with open(out, "wb") as file:
        file.write(content[2])


def example(path):
    """The bytes of the protocol's example, written out."""
    request = bytes.fromhex("BE010000 1ABB03 0A20") + b"\x11" * 32 + bytes.fromhex("128003") + b"\x22" * 384
    request += bytes.fromhex("1A10 0400000000000000 0300000000000000 48C0843D")
    expect("the example and what this client makes", request, token_request(
        b"\x11" * 32, b"\x22" * 384, struct.pack("<QQ", 4, 3), 1_000_000))
    with Connection(path) as connection:
        connection.send(request)
        expect("the answer's first bytes", connection.receive(12), bytes.fromhex("38010000 1AB502 0800 12B002"))
        connection.receive(TOKEN_BYTES)


def refused(path, sigstruct):
    expect("answer", ask(path, token_request(*identity(sigstruct))), (aesm.GET_TOKEN, aesm.REFUSED, {}))


def white_list(path, file):
    expected = open(file, "rb").read()
    expect("size", ask(path, aesm.white_list_size_request()), (aesm.WHITE_LIST_SIZE, 0, {2: len(expected)}))
    expect("list", ask(path, aesm.white_list_request(len(expected))), (aesm.WHITE_LIST, 0, {2: expected}))
    expect("another size", ask(path, aesm.white_list_request(1)), (aesm.WHITE_LIST, aesm.PARAMETER, {}))


def no_white_list(path):
    expect("size", ask(path, aesm.white_list_size_request()), (aesm.WHITE_LIST_SIZE, aesm.UNEXPECTED, {}))
    expect("list", ask(path, aesm.white_list_request(440)), (aesm.WHITE_LIST, aesm.UNEXPECTED, {}))


def unsupported(path):
    with Connection(path) as connection:
        for number in [1, 2, 4, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22]:
            expect(f"request {number}", connection.ask(frame(bytes_field(number, b""))), (number, aesm.UNAVAILABLE, {}))
        for number in [20, 23, 1000]:
            expect(
                f"request {number}",
                connection.ask(frame(bytes_field(number, b""))),
                (aesm.UNSUPPORTED, aesm.UNKNOWN, {}),
            )
        expect("no request", connection.ask(frame(b"")), (aesm.UNSUPPORTED, aesm.UNKNOWN, {}))


def wrong_sizes(path):
    for sizes in [(31, 384, 16), (32, 383, 16), (32, 384, 17), (0, 0, 0), (32, 32, 16)]:
        request = token_request(*(bytes(size) for size in sizes))
        expect(f"sizes {sizes}", ask(path, request), (aesm.GET_TOKEN, aesm.PARAMETER, {}))


def hostile(path, sigstruct):
    good = token_request(*identity(sigstruct))
    expect("no message", ask(path, frame(b"\xff" * 20)), (aesm.UNSUPPORTED, aesm.NO_MESSAGE, {}))
    expect("half a message", ask(path, frame(good[4:100])), (aesm.GET_TOKEN, aesm.NO_MESSAGE, {}))
    for length in [65537, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]:
        with Connection(path) as connection:
            answer = connection.ask(struct.pack("<I", length))
            expect(f"length {length}", answer, (aesm.UNSUPPORTED, aesm.NO_MESSAGE, {}))
            expect("closed", connection.is_closed(), True)
    with Connection(path) as connection:
        for byte in good:
            connection.send(bytes([byte]))
        expect("byte for byte", connection.answer()[1], aesm.SUCCESS)
        connection.send(good * 50)
        for _ in range(50):
            expect("fifty at once", connection.answer()[1], aesm.SUCCESS)
    halves = [Connection(path) for _ in range(100)]
    for half in halves:
        half.send(good[:200])
    begin = time.monotonic()
    expect("beside a hundred halves of frames", ask(path, good)[1], aesm.SUCCESS)
    expect("the half is closed", halves[0].is_closed(), True)
    if time.monotonic() - begin < 1:
        sys.exit("the half of a frame was closed at once")
    for half in halves:
        half.socket.close()


def storm(path, sigstruct):
    """Sixteen threads that ask and leave without an answer, while one asks and reads."""
    good = token_request(*identity(sigstruct))
    ended = threading.Event()

    def leave():
        while not ended.is_set():
            try:
                with Connection(path) as connection:
                    connection.send(good)
            except (ConnectionError, BlockingIOError, socket.timeout):
                pass

    threads = [threading.Thread(target=leave) for _ in range(16)]
    for thread in threads:
        thread.start()
    try:
        with Connection(path) as connection:
            for _ in range(20):
                if connection.ask(good)[1] not in (aesm.SUCCESS, aesm.BUSY, aesm.TOO_LATE):
                    sys.exit("in a storm: neither a token nor that there are too many")
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    time.sleep(0.5)
    expect("after the storm", ask(path, good)[1], aesm.SUCCESS)


if __name__ == "__main__":
    globals()[sys.argv[2]](sys.argv[1], *sys.argv[3:])
    print(f"aesm-client {sys.argv[2]}: passed")
