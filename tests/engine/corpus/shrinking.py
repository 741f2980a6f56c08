"""A smaller case that still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from tests.engine.corpus.shapes import Actor, Broker, Case, Feed, Node


def shrink(case: Case, fails: Callable[[Case], bool], tries: int = 400) -> Case:
    """Drop feature after feature of *case* while it *fails*; at most so many *tries*."""
    left = tries
    found = True
    while found and left > 0:
        found = False
        for simpler in _simpler_cases(case):
            left -= 1
            if fails(simpler):
                case, found = simpler, True
                break
            if left <= 0:
                break
    return case


def _simpler_cases(case: Case) -> Iterator[Case]:
    usual = Case(case.seed)
    for one in fields(case):
        value = getattr(case, one.name)
        if one.name == "seed":
            continue
        if one.name not in ("feeds", "actors") and value != getattr(usual, one.name):
            yield replace(case, **{one.name: getattr(usual, one.name)})
        if isinstance(value, tuple):
            least = 1 if one.name in ("feeds", "actors") else 0
            for shorter in _shorter(value, least):
                yield replace(case, **{one.name: shorter})
    for place, feed in enumerate(case.feeds):
        for simpler in _simpler(feed, Feed(seed=feed.seed, bars=feed.bars)):
            yield replace(case, feeds=_with(case.feeds, place, simpler))
        if feed.bars > 8:
            fewer = replace(feed, bars=feed.bars * 3 // 4)
            yield replace(case, feeds=_with(case.feeds, place, fewer))
    for place, actor in enumerate(case.actors):
        for simpler in _simpler_actors(actor):
            yield replace(case, actors=_with(case.actors, place, simpler))
    for broker in _simpler(case.broker, Broker()):
        yield replace(case, broker=broker)


def _simpler_actors(actor: Actor) -> Iterator[Actor]:
    yield from _simpler(actor, Actor(seed=actor.seed))
    for place, node in enumerate(actor.indicators):
        for simpler in _simpler_nodes(node):
            yield replace(actor, indicators=_with(actor.indicators, place, simpler))


def _simpler_nodes(node: Node) -> Iterator[Node]:
    if node.name == "data":
        return
    for inner in node.inputs:
        if inner.name != "data":
            yield inner
    if node.options:
        yield replace(node, options=())
    for place, inner in enumerate(node.inputs):
        if inner.name != "data":
            close = Node("data", (("of", 0), ("line", "close")))
            yield replace(node, inputs=_with(node.inputs, place, close))
        for simpler in _simpler_nodes(inner):
            yield replace(node, inputs=_with(node.inputs, place, simpler))


def _simpler(thing: Any, usual: Any) -> Iterator[Any]:
    """Return *thing* with one field as usual, or with one element of one field less."""
    for one in fields(thing):
        value = getattr(thing, one.name)
        if value == getattr(usual, one.name):
            continue
        yield replace(thing, **{one.name: getattr(usual, one.name)})
        if isinstance(value, tuple):
            for shorter in _shorter(value, 1 if one.name == "actions" else 0):
                yield replace(thing, **{one.name: shorter})


def _shorter(value: tuple[Any, ...], least: int) -> Iterator[tuple[Any, ...]]:
    if len(value) > least:
        for place in range(len(value)):
            yield value[:place] + value[place + 1 :]


def _with(value: tuple[Any, ...], place: int, one: Any) -> tuple[Any, ...]:
    return (*value[:place], one, *value[place + 1 :])
