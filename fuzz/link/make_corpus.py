#!/usr/bin/env python3
"""Writes corpus/frame/: one stream a type, one of several frames, and some that are refused.

An independent writer of the wire form in docs/formats/link.md. Run in this folder after a change of the format.
"""
import pathlib
import struct

HERE = pathlib.Path(__file__).parent / "corpus" / "frame"
CALL, ANSWER, PROGRESS, CANCEL = 1, 2, 3, 4


def frame(kind, header, body=b"", flags=0):
    return struct.pack(">4sBBHI", b"vtr1", kind, flags, len(header), len(body)) + header + body


def call(request_id, verb, body=b"{}", flags=0, point=b"centre"):
    header = struct.pack(">Q48s32s32sQ16s16s64s", request_id, verb, point, b"\1" * 32, 9, b"\2" * 16,
                         bytes(10) + b"\xff\xff\x7f\0\0\1", b"\3" * 64)
    return frame(CALL, header, body, flags)


def answer(request_id, status, json, attached=b""):
    header = struct.pack(">QB3xIQQ32s", request_id, status, len(json), 41, 42, b"\4" * 32)
    return frame(ANSWER, header, json + attached)


def progress(request_id, json):
    return frame(PROGRESS, struct.pack(">Q", request_id), json)


def cancel(request_id):
    return frame(CANCEL, struct.pack(">Q", request_id))


hello = call(1, b"lab.hello")
samples = {
    "call": hello,
    "call-with-descriptor": call(2, b"release.ingest", b'{"name":"cjson"}', flags=1),
    "answer": answer(1, 0, b'{"name":"lab"}', b"\x89PNG"),
    "refusal": answer(2, 3, b'{"error":"denied","message":"no grant"}'),
    "progress": progress(2, b'{"done":3,"total":0,"unit":"files"}'),
    "cancel": cancel(2),
    "stream": hello + cancel(1) + answer(1, 10, b"{}") + progress(7, b"") + hello[:100],
    "bad-magic": b"GET / HTTP/1.1\r\n\r\n",
    "bad-verb": call(1, b"Lab Hello"),
    "bad-length": hello[:8] + b"\xff\xff\xff\xff" + hello[12:],
    "bad-reserved": answer(1, 0, b"{}")[:21] + b"\1" + answer(1, 0, b"{}")[22:],
}
HERE.mkdir(parents=True, exist_ok=True)
for name, content in samples.items():
    (HERE / name).write_bytes(content)
