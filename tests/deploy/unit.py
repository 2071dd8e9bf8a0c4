"""What a systemd unit says, and its limits put on a program by hand, where there is no systemd."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
from pathlib import Path

_MS_REMOUNT, _MS_BIND, _MS_READ_ONLY = 32, 4096, 1
_MS_PRIVATE = 16384 | (1 << 18)  # and everything below
_NEW_MOUNTS = 0x00020000
_NO_NEW_PRIVILEGES, _DROP_FROM_BOUNDING_SET = 38, 24
_REFUSE, _ALLOW, _EQUALS = 0x00050001, 0x7FFF0000, 4


class Unit:
    """One unit: the values of each setting, in their order."""

    def __init__(self, file: Path) -> None:
        self._lines = [
            line.split("=", 1)
            for line in file.read_text().splitlines()
            if "=" in line and not line.startswith("#")
        ]

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._lines if key == name]

    def one(self, name: str) -> str:
        [value] = self.all(name)
        return value

    def environment(self) -> dict[str, str]:
        return dict(each.split("=", 1) for each in self.all("Environment"))

    def system_calls(self) -> set[str]:
        """List the system calls that its filter lets through."""
        allowed: set[str] = set()
        for line in self.all("SystemCallFilter"):
            named = {call for name in line.lstrip("~").split() for call in _calls(name)}
            allowed = allowed - named if line.startswith("~") else allowed | named
        return allowed | set(_calls("@default"))


def _calls(name: str) -> list[str]:
    if not name.startswith("@"):
        return [name]
    command = ["systemd-analyze", "syscall-filter", "--no-pager", name]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names = [line.strip() for line in told.splitlines()[1:]]
    return [call for each in names if each and not each.startswith("#") for call in _calls(each)]


class _Compare(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("other", ctypes.c_uint64),
    )


def _filter_calls(allowed: set[str], families: list[str]) -> None:
    """Refuse every other system call, and sockets of other families, as systemd does."""
    import socket

    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = rules = ctypes.c_void_p
    seccomp.seccomp_rule_add_array.argtypes = [
        rules, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p
    ]  # fmt: skip
    seccomp.seccomp_load.argtypes = [rules]
    context = seccomp.seccomp_init(_REFUSE)
    for name in allowed - {"socket"}:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        seccomp.seccomp_rule_add_array(context, _ALLOW, number, 0, None)
    number = seccomp.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        compare = _Compare(0, _EQUALS, getattr(socket, family), 0)
        seccomp.seccomp_rule_add_array(context, _ALLOW, number, 1, ctypes.byref(compare))
    if seccomp.seccomp_load(context):
        raise OSError("the filter of system calls was not taken")


def _read_only_but(folders: list[str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS):
        return  # not as this user
    mount = libc.mount
    mount(b"none", b"/", None, _MS_PRIVATE, None)
    for folder in folders:
        mount(folder.encode(), folder.encode(), None, _MS_BIND, None)
    mount(None, b"/", None, _MS_REMOUNT | _MS_BIND | _MS_READ_ONLY, None)


def confine(unit: Unit, folders: list[str]) -> None:
    """Put this process under the limits of a unit: only `folders` can be written."""
    calls = unit.system_calls()
    libc = ctypes.CDLL(None)
    os.umask(int(unit.one("UMask"), 8))
    most = min(int(unit.one("LimitNOFILE")), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if unit.one("ProtectSystem") == "strict":
        _read_only_but(folders)
    if unit.one("CapabilityBoundingSet") == "":
        for capability in range(64):
            libc.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)
    if unit.one("NoNewPrivileges") == "yes":
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _filter_calls(calls, unit.one("RestrictAddressFamilies").split())


if __name__ == "__main__":
    file, folders, *command = sys.argv[1:]
    confine(Unit(Path(file)), folders.split(":"))
    os.execvp(command[0], command)
