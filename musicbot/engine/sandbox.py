"""Takes from this process what it does not need, for good.

What an engine process reads was written by strangers, and it is read by a large library
written in C. So the process gives up everything but this: memory up to a limit, threads,
reading files, and connections. It cannot start a program, write to a file, trace or end
another process, listen, or gain rights.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import socket
import sys
from typing import Any, Final

try:
    import pyseccomp
except (ImportError, RuntimeError) as _error:  # It loads libseccomp, which may be missing.
    _missing: str | None = str(_error)
else:
    _missing = None

MAX_MEMORY: Final = 768 * 1024 * 1024
"""Bytes of data; a limit on addresses would count what libraries only reserve."""

MAX_FILES: Final = 64
"""Open files and connections."""

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_CLONE_THREAD: Final = 0x0001_0000
_UNKNOWN: Final = -1
"""What libseccomp calls a system call that it does not know."""


def die_with_parent(parent: int) -> None:
    """Have this process killed when its parent ends, where the kernel does that.

    Args:
        parent: The parent's process id: if it is another's, the parent is gone already.
    """
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def confine() -> OSError | None:
    """Give everything up that is not needed.

    Returns:
        Why system calls are not filtered; ``None`` if they are. The limits hold anyway.
    """
    for limit, most in _LIMITS:
        hard = resource.getrlimit(limit)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (value, value))
    try:
        _filter_calls()
    except OSError as error:
        return error
    return None


def _filter_calls() -> None:
    if _missing is not None:
        raise OSError(_missing)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    allow, equal, masked = pyseccomp.ALLOW, pyseccomp.EQ, pyseccomp.MASKED_EQ
    arg = pyseccomp.Arg
    # The C library and others do without a call that does not exist, if they can.
    calls = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.ENOSYS))
    for name in _ALLOWED.split():
        _add(calls, allow, name)
    for name in _REFUSED.split():
        _add(calls, pyseccomp.ERRNO(errno.EPERM), name)
    for family in _FAMILIES:
        _add(calls, allow, "socket", arg(0, equal, family))
    _add(calls, allow, "clone", arg(0, masked, _CLONE_THREAD, _CLONE_THREAD))
    _add(calls, allow, "prlimit64", arg(2, equal, 0))  # Asking, not setting.
    writes = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
    for name, flags in (("open", 1), ("openat", 2)):
        _add(calls, allow, name, arg(flags, masked, writes, os.O_RDONLY))
        for bit in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC):
            _add(calls, pyseccomp.ERRNO(errno.EPERM), name, arg(flags, masked, bit, bit))
    calls.load()


def _add(calls: Any, action: int, name: str, *conditions: Any) -> None:
    """Add a rule, unless this libseccomp does not know the call: the rest is refused anyway."""
    if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) != _UNKNOWN:
        calls.add_rule(action, name, *conditions)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


_LIMITS: Final = (
    (resource.RLIMIT_DATA, MAX_MEMORY),
    (resource.RLIMIT_NOFILE, MAX_FILES),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_CORE, 0),
)

_FAMILIES: Final = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, 16)
"""Of sockets. The last is AF_NETLINK, by which the C library asks for this host's addresses."""

_ALLOWED: Final = (
    # Memory
    "brk mmap mmap2 munmap mremap mprotect madvise mincore membarrier mlock munlock "
    # Threads, time, and the process itself
    "futex futex_time64 futex_waitv set_robust_list get_robust_list rseq set_tid_address "
    "gettid getpid getppid getuid geteuid getgid getegid getgroups exit exit_group tgkill "
    "sched_yield sched_getaffinity sched_getparam sched_getscheduler getcpu "
    "nanosleep clock_nanosleep clock_nanosleep_time64 clock_gettime clock_gettime64 "
    "clock_getres gettimeofday time times getrusage sysinfo uname getrandom arch_prctl "
    "getrlimit restart_syscall rt_sigaction rt_sigprocmask rt_sigreturn sigreturn "
    "rt_sigtimedwait sigaltstack "
    # Reading
    "read readv pread64 preadv lseek _llseek close close_range fcntl fcntl64 dup dup2 dup3 "
    "fstat fstat64 fstatfs stat stat64 lstat lstat64 newfstatat fstatat64 statx statfs access "
    "faccessat faccessat2 readlink readlinkat getcwd getdents getdents64 ioctl fadvise64 "
    # Waiting
    "poll ppoll ppoll_time64 select _newselect pselect6 epoll_create epoll_create1 epoll_ctl "
    "epoll_wait epoll_pwait eventfd eventfd2 pipe pipe2 "
    # Connections; what can be written to was open before, or is one
    "socketpair connect bind getsockname getpeername getsockopt setsockopt shutdown "
    "sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg send recv write writev"
)
"""Opening files for reading, sockets of some families, and threads come with conditions."""

_REFUSED: Final = (
    "execve execveat fork vfork ptrace process_vm_readv process_vm_writev kill tkill "
    "unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir link linkat symlink "
    "symlinkat chmod fchmod fchmodat chown fchown fchownat lchown truncate ftruncate "
    "listen accept accept4 setuid setgid setrlimit prctl seccomp bpf "
    "perf_event_open mount umount2 unshare setns chroot pivot_root io_uring_setup "
    "userfaultfd keyctl add_key request_key"
)
"""What is refused as forbidden, which tells more than that it does not exist."""
