"""A client for language servers that speak LSP over stdin and stdout, as an editor does. Knows no test.

One request at a time, no threads and no waiting but for the next message; a server that is silent for too long is
killed, which ends the wait.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

Message: TypeAlias = "dict[str, Any]"  # JSON, of the shape that LSP 3.17 says

_CAPABILITIES: Final = {
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["markdown"], "snippetSupport": False}},
        "hover": {"contentFormat": ["markdown"]},
        "signatureHelp": {
            "contextSupport": True,
            "signatureInformation": {
                "documentationFormat": ["markdown"],
                "parameterInformation": {"labelOffsetSupport": True},
                "activeParameterSupport": True,
            },
        },
    },
    "workspace": {"configuration": True, "workspaceFolders": True},
}


class ServerEnded(Exception):  # noqa: N818 - what happened
    """The server went away, or was killed because it was silent for too long."""

    @override
    def __str__(self) -> str:
        return f"the language server ended: {super().__str__()}"


class LanguageServer:
    """A running server with one open file."""

    def __init__(self, command: Sequence[str], file: Path, *, timeout_s: float) -> None:
        self._ids = itertools.count(1)
        self._file = file
        self._lines = file.read_text(encoding="utf-8").splitlines()
        self._timeout_s = timeout_s
        self._process = subprocess.Popen(
            command, cwd=file.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> Self:
        """Open the file, in the folder where it lies."""
        folder = self._file.parent.as_uri()
        folders = [{"uri": folder, "name": "project"}]
        document = {"uri": self._file.as_uri(), "languageId": "python", "version": 1, "text": "\n".join(self._lines)}
        try:
            self.request(
                "initialize", processId=None, rootUri=folder, workspaceFolders=folders, capabilities=_CAPABILITIES
            )
            self._notify("initialized", {})
            self._notify("textDocument/didOpen", {"textDocument": document})
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Shut the server down as the protocol says, and kill it if it does not go."""
        try:
            if error is None:
                self.request("shutdown")
                self._notify("exit")
                self._process.wait(self._timeout_s)
        finally:
            self._kill()

    def _kill(self) -> None:
        with self._process:  # closes its streams, and waits
            self._process.kill()

    # ── what an editor asks ──────────────────────────────────────────────────────────────────────

    def completions(self, after: str) -> dict[str, Message]:
        """List what the server would complete right behind a text that occurs once in the file, by label."""
        answer = self.request("textDocument/completion", **self._place(after))
        items = answer["items"] if isinstance(answer, dict) else answer
        return {each["label"]: each for each in items}

    def signatures(self, after: str) -> tuple[Message, ...]:
        """Give the help for the call that surrounds the place right behind a text: one signature an overload."""
        answer: Message | None = self.request("textDocument/signatureHelp", **self._place(after))
        return tuple(answer["signatures"]) if answer else ()

    def hover(self, upto: str) -> str:
        """Give what the server shows for the name that a text ends with."""
        place = self._place(upto)
        place["position"]["character"] -= 1
        answer = self.request("textDocument/hover", **place)
        return plain(answer["contents"]) if answer else ""

    def _place(self, text: str) -> Message:
        places = [(number, line.index(text)) for number, line in enumerate(self._lines) if text in line]
        assert len(places) == 1, f"{text!r} is in {len(places)} lines of the file"
        line, start = places[0]
        return {
            "textDocument": {"uri": self._file.as_uri()},
            "position": {"line": line, "character": start + len(text)},
        }

    # ── the protocol ─────────────────────────────────────────────────────────────────────────────

    def request(self, method: str, /, **params: object) -> Any:  # noqa: ANN401 - another shape for each method
        """Send a request, answer what the server asks meanwhile, and give the result."""
        number = next(self._ids)
        watchdog = threading.Timer(self._timeout_s, self._process.kill)
        watchdog.start()
        try:
            self._send({"id": number, "method": method, **({"params": params} if params else {})})
            while True:
                message = self._receive(method)
                if "method" not in message and message.get("id") == number:
                    break
                if "method" in message and "id" in message:
                    self._send({"id": message["id"], "result": _answer(message)})
        finally:
            watchdog.cancel()
        assert "error" not in message, f"{method}: {message['error']}"
        return message["result"]

    def _notify(self, method: str, params: Message | None = None) -> None:
        self._send({"method": method} if params is None else {"method": method, "params": params})

    def _send(self, message: Mapping[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self, waiting_for: str) -> Message:
        assert self._process.stdout is not None
        length = None
        while header := self._process.stdout.readline().strip():
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = b"" if length is None else self._process.stdout.read(length)
        if length is None or len(body) < length:
            raise ServerEnded(f"no answer to {waiting_for} within {self._timeout_s} s")
        message: Message = json.loads(body)
        return message


def _answer(request: Message) -> object:
    """Answer what a server asks of an editor: settings, and leave to do things, which it has."""
    if request["method"] != "workspace/configuration":
        return None
    settings = {"python": {"pythonPath": sys.executable}}
    return [settings.get(each.get("section", ""), {}) for each in request["params"]["items"]]


def plain(contents: str | Message | None) -> str:
    """Give a piece of documentation as one line of plain text."""
    text: str = "" if contents is None else contents if isinstance(contents, str) else contents["value"]
    return " ".join(text.replace("&nbsp;", " ").replace("\\_", "_").split())
