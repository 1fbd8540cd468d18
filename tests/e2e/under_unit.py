#!/usr/bin/env python3
"""under_unit.py [--root FOLDER] UNIT COMMAND... - runs COMMAND under the limits and the system call filter of a systemd unit, without systemd
itself; with --root in that folder as if it were the whole system, as the unit's user and group there.

Understands SystemCallFilter, SystemCallErrorNumber, RestrictAddressFamilies, MemoryDenyWriteExecute, Limit* and UMask. Needs libseccomp and
systemd-analyze (for the names of groups); exits with 77 and a reason where they are missing."""
import ctypes
import errno
import os
import resource
import shutil
import socket
import subprocess
import sys

KILL, ERRNO, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
EQUAL, MASKED_EQUAL = 4, 7
WRITE, EXEC = 2, 4


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def skip(reason):
    print(f"under_unit.py: {reason}", file=sys.stderr)
    sys.exit(77)


def read_unit(path):
    values = {}
    for line in open(path, encoding="utf-8"):
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            values.setdefault(name, []).append(value)
    return values


def group(name):
    """The system calls of a group, those of groups in it included."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True).stdout
    words = [line.split("#")[0].strip() for line in text.splitlines()[1:]]
    return expand(word for word in words if word)


def expand(words):
    calls = set()
    for word in words:
        calls |= group(word) if word.startswith("@") else {word}
    return calls


def allowed_calls(lines):
    calls = group("@default")
    for line in lines:
        if line.startswith("~"):
            calls -= expand(line[1:].split())
        else:
            calls |= expand(line.split())
    return calls


def library():
    try:
        lib = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        skip("there is no libseccomp.so.2 here")
    if not shutil.which("systemd-analyze"):
        skip("there is no systemd-analyze here, which knows the groups of system calls")
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_init.argtypes = [ctypes.c_uint32]
    lib.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Compare)]
    lib.seccomp_load.argtypes = [ctypes.c_void_p]
    return lib


def conditions(call, unit):
    """Which uses of a call are allowed: lists of comparisons; one empty list is any use."""
    if call == "socket" and "RestrictAddressFamilies" in unit:
        names = " ".join(unit["RestrictAddressFamilies"]).split()
        return [[Compare(0, EQUAL, int(getattr(socket, name)), 0)] for name in names]
    if unit.get("MemoryDenyWriteExecute") == ["yes"]:
        if call == "mmap":
            return [[Compare(2, MASKED_EQUAL, WRITE | EXEC, value)] for value in (0, WRITE, EXEC)]
        if call in ("mprotect", "pkey_mprotect"):
            return [[Compare(2, MASKED_EQUAL, EXEC, 0)]]
    return [[]]


def number_in(path, name):
    """The id of a user or a group in a file such as /etc/passwd."""
    return next(int(line.split(":")[2]) for line in open(path, encoding="utf-8") if line.split(":")[0] == name)


def enter(root, unit):
    user, group_id = number_in(root + "/etc/passwd", unit["User"][-1]), number_in(root + "/etc/group", unit["Group"][-1])
    os.chroot(root)
    os.chdir("/")
    os.setgroups([])
    os.setgid(group_id)
    os.setuid(user)


def load_filter(unit, root):
    lib = library()
    number = unit.get("SystemCallErrorNumber")
    context = lib.seccomp_init(ERRNO | getattr(errno, number[0]) if number else KILL)
    for call in sorted(allowed_calls(unit["SystemCallFilter"])):
        nr = lib.seccomp_syscall_resolve_name(call.encode())
        if nr < 0:
            continue    # not of this kind of processor
        for compare in conditions(call, unit):
            if lib.seccomp_rule_add_array(context, ALLOW, nr, len(compare), (Compare * len(compare))(*compare)) != 0:
                sys.exit(f"under_unit.py: no rule for {call}")
    if root:
        enter(root, unit)
    if lib.seccomp_load(context) != 0:
        skip("the kernel takes no filter here")


def set_limits(unit):
    for name, values in unit.items():
        if name.startswith("Limit"):
            limit = int(values[-1])
            resource.setrlimit(getattr(resource, "RLIMIT_" + name[len("Limit"):]), (limit, limit))
    os.umask(int(unit["UMask"][0], 8))


def main():
    root, words = None, sys.argv[1:]
    if words[0] == "--root":
        root, words = words[1], words[2:]
    unit = read_unit(words[0])
    set_limits(unit)
    load_filter(unit, root)
    os.execvp(words[1], words[1:])


main()
