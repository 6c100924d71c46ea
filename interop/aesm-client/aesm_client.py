"""A client of Intel's aesmd, written from the protocol's message table alone: Python 3, its standard library, nothing of jsgx."""

import socket
import struct

SUCCESS, UNEXPECTED, PARAMETER, REFUSED = 0, 1, 3, 6
BUSY, TOO_LATE, NO_MESSAGE, UNAVAILABLE, UNKNOWN = 18, 19, 22, 30, 40

GET_TOKEN, WHITE_LIST_SIZE, WHITE_LIST, UNSUPPORTED = 3, 10, 11, 20

VARINT, BYTES = 0, 2


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def integer_field(number, value):
    return varint(number << 3 | VARINT) + varint(value)


def bytes_field(number, value):
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def frame(body):
    return struct.pack("<I", len(body)) + body


def fields(message):
    """The fields of a message, number to value; a value is an int or bytes."""
    found, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = number()
        if tag & 7 == VARINT:
            found[tag >> 3] = number()
        elif tag & 7 == BYTES:
            length = number()
            if at + length > len(message):
                raise ValueError("a field is longer than its message")
            found[tag >> 3] = message[at : at + length]
            at += length
        else:
            raise ValueError(f"no answer has a field of wire type {tag & 7}")
    return found


def token_request(mr_enclave, modulus, attributes, timeout=15_000_000):
    body = bytes_field(1, mr_enclave) + bytes_field(2, modulus) + bytes_field(3, attributes) + integer_field(9, timeout)
    return frame(bytes_field(GET_TOKEN, body))


def white_list_size_request(timeout=15_000_000):
    return frame(bytes_field(WHITE_LIST_SIZE, integer_field(9, timeout)))


def white_list_request(size, timeout=15_000_000):
    return frame(bytes_field(WHITE_LIST, integer_field(1, size) + integer_field(9, timeout)))


class Connection:
    """One connection; as aesmd's own clients it may be used for one request, or for many."""

    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # With a time limit already set, Python would not wait for room where many connect at once.
        self.socket.connect(path)
        self.socket.settimeout(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, length):
        data = b""
        while len(data) < length:
            more = self.socket.recv(length - len(data))
            if not more:
                raise EOFError(f"the server closed the connection after {len(data)} of {length} bytes")
            data += more
        return data

    def answer(self):
        """The next answer: its field, its error code, and what else is in it."""
        body = self.receive(struct.unpack("<I", self.receive(4))[0])
        ((field, message),) = fields(body).items()
        content = fields(message)
        return field, content.pop(1), content

    def ask(self, request):
        self.send(request)
        return self.answer()

    def is_closed(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def ask(path, request):
    with Connection(path) as connection:
        return connection.ask(request)
