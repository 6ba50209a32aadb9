"""Every exception that logwatch raises on purpose, in one tree.

    LogwatchError
    ├── ConfigError        exit 78
    ├── StoreError
    │   ├── StoreBusyError     another daemon owns the store, exit 75
    │   ├── StoreDeniedError   not readable for this user, exit 77
    │   ├── StoreTooNewError   written by a later version, exit 78
    │   └── StoreFullError     no space or an I/O error: nothing was committed
    ├── SinkError
    └── UsageError         exit 2

Expected outcomes are values, not exceptions: a sink answers `Delivered | Retry | Rejected`.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of every command (sysexits.h where it has the meaning)."""

    DONE = 0
    NO = 1
    USAGE = 2
    UNREACHABLE = 69
    SOFTWARE = 70
    TEMPORARY = 75
    NOT_PERMITTED = 77
    CONFIG = 78


class LogwatchError(Exception):
    """Root of the tree: its text is a sentence for a person, `exit` what the process ends with."""

    exit: Exit = Exit.SOFTWARE


class ConfigError(LogwatchError):
    """Raised when a configuration cannot be used; the text holds every problem, in file order."""

    exit = Exit.CONFIG


class UsageError(LogwatchError):
    """Raised when a command line asks for something that cannot be."""

    exit = Exit.USAGE


class StoreError(LogwatchError):
    """Raised when the store cannot be opened, read or written."""


class NoStoreError(StoreError):
    """Raised where a store is asked for and none was made yet."""

    exit = Exit.UNREACHABLE


class StoreBusyError(StoreError):
    """Raised when another daemon has the store; the text names its pid."""

    exit = Exit.TEMPORARY


class StoreTooNewError(StoreError):
    """Raised when the store was written by a later version of logwatch; it is left untouched."""

    exit = Exit.CONFIG


class StoreDeniedError(StoreError):
    """Raised when this user may not read the store, or not write it."""

    exit = Exit.NOT_PERMITTED


class StoreFullError(StoreError):
    """Raised when a transaction was rolled back for want of space or by an I/O error."""


class SinkError(LogwatchError):
    """Raised when a sink cannot be made from its settings, or closed in order."""
