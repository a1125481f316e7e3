"""Configs as Python has them become the text that the library reads."""
from __future__ import annotations

import math
import numbers
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from climnorm._errors import ConfigError

Config: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any]"
_KEY = re.compile(r"[A-Za-z*][-A-Za-z0-9_*]*")


def nested(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config with groups in groups; None is left out.

    >>> nested({"input.root": "data", "input": {"model": "CanESM5"}, "variables": None})
    {'input': {'root': 'data', 'model': 'CanESM5'}}
    """
    if not isinstance(config, Mapping):
        raise ConfigError([f"config: expected a path or a dict, not {config!r}"])
    made: dict[str, Any] = {}
    for key, value in config.items():
        first, _, rest = str(key).partition(".")
        if rest:
            value = nested({rest: value})
        if isinstance(value, Mapping):
            value = nested(value) if first in ("input", "normals", "engine", "output") else dict(value)
            made[first] = merged(made.get(first, {}), value)
        elif value is not None:
            made[first] = value
    return made


def merged(config: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The config in which the values of `more` replace others.

    >>> merged({"input": {"root": "a", "grid": "gn"}}, {"input": {"root": "b"}})
    {'input': {'root': 'b', 'grid': 'gn'}}
    """
    made = dict(config)
    for key, value in more.items():
        old = made.get(key)
        is_group = isinstance(old, Mapping) and isinstance(value, Mapping)
        made[key] = merged(old, value) if is_group else value  # type: ignore[arg-type]
    return made


def config_text(config: Mapping[str, Any]) -> str:
    """A config as text that ``climnorm run`` reads, too.

    >>> print(config_text({"input": {"root": "data"}, "normals.targets": [2020, "1980-2000/10"],
    ...                    "output": {"root": "normals", "counts": True}}), end="")
    input = { root = "data"; };
    normals = { targets = ( "2020", "1980-2000/10" ); };
    output = { root = "normals"; counts = true; };
    """
    groups = nested(config)
    targets = groups.get("normals", {}).get("targets")
    if targets is not None:  # texts, each a year or a range
        several = _is_list(targets)
        groups["normals"]["targets"] = [str(one) for one in targets] if several else [str(targets)]
    return "".join(_settings(groups, "", "\n"))


def override_texts(overrides: Mapping[str, Any]) -> list[str]:
    """The overrides as ``climnorm run --set`` has them.

    >>> override_texts({"engine": {"threads": 2}, "variables": ["pr", "tas"], "output.counts": True})
    ['engine.threads=2', 'variables=pr,tas', 'output.counts=true']
    """
    return [f"{path}={value}" for path, value in _leaves(nested(overrides), "")]


def _leaves(group: Mapping[str, Any], before: str) -> Iterable[tuple[str, str]]:
    for key, value in group.items():
        path = before + str(key)
        if isinstance(value, Mapping):
            yield from _leaves(value, path + ".")
        elif _is_list(value):
            if any(isinstance(one, Mapping) for one in value):
                raise ConfigError([f"{path}: a list of groups cannot replace that of a file; "
                                   "give the whole config as a dict"])
            yield path, ",".join(_plain(one, path) for one in value)
        else:
            yield path, _plain(value, path)


def _plain(value: Any, path: str) -> str:
    return os.fspath(value) if isinstance(value, (str, os.PathLike)) else _value(value, path)


def _settings(group: Mapping[str, Any], before: str, end: str) -> Iterable[str]:
    for key, value in group.items():
        if value is None:
            continue
        if not _KEY.fullmatch(str(key)):
            raise ConfigError([f"{before}{key}: a key has letters, digits, \"_\" and \"-\""])
        yield f"{key} = {_value(value, before + str(key))};{end}"


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping, os.PathLike))


def _value(value: Any, path: str) -> str:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # numpy's bool, and arrays of one
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        whole = int(value)
        return f"{whole}" if -2**31 <= whole < 2**31 else f"{whole}L"
    if isinstance(value, numbers.Real):
        return _number(float(value), path)
    if isinstance(value, (str, os.PathLike)):
        return _quoted(os.fspath(value), path)
    if isinstance(value, Mapping):
        return "{ " + " ".join(_settings(value, path + ".", "")) + " }"
    if _is_list(value):
        return "( " + ", ".join(_value(one, path) for one in value) + " )"
    raise ConfigError([f"{path}: {value!r} is a {type(value).__name__}; expected a text, a number, "
                       "True or False, a list or a dict"])


def _number(value: float, path: str) -> str:
    """libconfig takes no exponent without a point."""
    if not math.isfinite(value):
        raise ConfigError([f"{path}: {value} is no finite number"])
    digits, mark, exponent = repr(value).partition("e")
    return digits + ("" if "." in digits else ".0") + mark + exponent


def _quoted(text: str | bytes, path: str) -> str:
    text = os.fsdecode(text)
    if "\0" in text:
        raise ConfigError([f"{path}: {text!r} has a character that no text may have: NUL"])
    escaped = (f"\\x{ord(c):02x}" if c < " " else "\\" + c if c in '"\\' else c for c in text)
    return '"' + "".join(escaped) + '"'
