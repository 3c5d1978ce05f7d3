"""A process that judges one plan after the other, so that none of them harms more than itself.

Asked on stdin and answering on stdout: first a `Recipe`, answered with `Ready` or with the
PolicyscanError that is in its way; then each `Work`, answered with an `Answer`. It ends when
whoever asks does, the process that its argument names.
"""

from __future__ import annotations

import functools
import gc
import os
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final

from msgspec.structs import replace

from policyscan.bridges.beside import Beside, checkov_beside
from policyscan.bridges.warm import Warm
from policyscan.engine import CheckovState, WaiverTerms, built_in_pack, load_pack
from policyscan.errors import FleetError, PolicyscanError
from policyscan.fleet.judge import How
from policyscan.fleet.messages import Answer, Ready, Work, receive, send
from policyscan.fleet.recipe import MIB, Recipe, fingerprint, unpacked
from policyscan.scratch import private_folder

_GLANCE_SECONDS: Final = 0.5
_SHARE_OF_CHECKOV: Final = 0.8
"""Of the time for a plan, so that what we found is not lost should Checkov hang."""
_MOST_KEPT: Final = 20_000
"""Entries of one cache, which are of plans that are done with."""
_LOOKS_FOR_CACHES_EACH: Final = 50
_LARGEST_SELF: Final = 512 * MIB
"""What it may have grown to between plans; then it makes place for a new one."""


def main() -> None:
    """Judge until there is nothing more to judge."""
    asked, told = _apart()
    threading.Thread(target=_end_with, args=(int(sys.argv[1]),), daemon=True).start()
    gc.disable()
    with ExitStack() as opened:
        recipe: Recipe = receive(asked)
        try:
            how, rules = _how(recipe, opened)
        except PolicyscanError as problem:
            send(told, problem)
            return
        send(told, Ready(rules))
        answer_all(asked, told, how)


def answer_all(asked: BinaryIO, told: BinaryIO, how: How) -> None:
    """Answer until whoever asks is gone, or this process has grown too large."""
    caches = _caches()
    gc.collect()
    # What is there now stays: nobody has to look at it again and again.
    gc.freeze()
    count = 0
    while (work := receive(asked)) is not None:
        answer = _answered(how, work)
        send(told, answer)
        if answer.is_last:
            return
        del work, answer
        count += 1
        if count % _LOOKS_FOR_CACHES_EACH == 0:
            caches += _caches()
        for cache in caches:
            if cache.cache_info().currsize > _MOST_KEPT:
                cache.cache_clear()
        gc.collect()


def _answered(how: How, work: Work) -> Answer:
    try:
        judged = how.judged(work.name, work.content, work.known)
    except MemoryError:
        return Answer(None, is_last=True)
    return Answer(judged, is_last=_resident() > _LARGEST_SELF)


def _how(recipe: Recipe, opened: ExitStack) -> tuple[How, str]:
    """How to judge by a recipe, and its fingerprint here. Raises PolicyscanError: it cannot be."""
    folder = opened.enter_context(private_folder())
    packs = [
        unpacked(files, folder / "packs" / str(number)) for number, files in enumerate(recipe.packs)
    ]
    pack = load_pack(built_in_pack(), *packs)
    settings = recipe.settings
    terms = WaiverTerms(
        recipe.today,
        tuple(each.rule for each in pack),
        tuple(each.rule for each in settings.chosen(pack)),
        recipe.waivers,
        settings.unwaivable,
        tells_stale=False,
    )
    how = How(
        pack,
        settings,
        terms,
        _beside(recipe, opened),
        recipe.baseline,
        recipe.keeps_all,
        recipe.limits.largest,
    )
    return how, fingerprint(replace(recipe, policyscan=Recipe(settings).policyscan), pack)


def _beside(recipe: Recipe, opened: ExitStack) -> Beside:
    """The Checkov of this machine, loaded once. Raises FleetError: it is not the one asked for."""
    if not recipe.checkov:
        return Beside(recipe.settings, CheckovState(recipe.unheard))
    seconds = min(recipe.settings.checkov.timeout, recipe.limits.seconds * _SHARE_OF_CHECKOV)
    settings = replace(
        recipe.settings, checkov=replace(recipe.settings.checkov, run=True, timeout=seconds)
    )
    found = checkov_beside(settings)
    if found.checkov is None or found.checkov.version != recipe.checkov:
        there = found.checkov.version if found.checkov else "none"
        raise FleetError(f"a worker has another Checkov, {there} instead of {recipe.checkov}")
    warm = Warm(found.checkov)
    opened.callback(warm.end)
    return replace(found, ready=warm.waiting)


# -- the process ---------------------------------------------------------------------------------


def _apart() -> tuple[BinaryIO, BinaryIO]:
    """Stdin and stdout for us alone: a rule that prints must not do so into an answer."""
    own = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nothing, number)
    return own


def _end_with(parent: int) -> None:
    """End when the process that asks does, with all that was started here."""
    while os.getppid() == parent:
        time.sleep(_GLANCE_SECONDS)
    os._exit(0)


# -- memory --------------------------------------------------------------------------------------


def _caches() -> list[Any]:
    """The caches of functions, wherever they are; those that were frozen are not found again."""
    return [each for each in gc.get_objects() if isinstance(each, functools._lru_cache_wrapper)]  # noqa: SLF001


def _resident() -> int:
    """Bytes of memory this process has; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
