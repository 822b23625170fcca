"""Service, and the guards that say who may call a method. A public method without one stops the program from starting."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID

from journal.permissions import OPENS, Permission
from journal.platform.work import Work

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Service")


class Service:
    """One per context, made from a Work."""

    def __init__(self, work: Work) -> None:
        self.work, self.db = work, work.db

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, member in vars(cls).items():
            if not name.startswith("_") and not hasattr(member, "permission"):
                raise TypeError(
                    f"{cls.__name__}.{name} is public: say who may call it with @on_patient(...) or its kin"
                )


def on_patient(
    permission: Permission,
) -> Callable[[Callable[Concatenate[S, UUID, P], R]], Callable[Concatenate[S, UUID, P], R]]:
    """Opens the chart of the first argument, if the role may and there is a ground."""
    _must_open(permission)

    def guard(method: Callable[Concatenate[S, UUID, P], R]) -> Callable[Concatenate[S, UUID, P], R]:
        @wraps(method)
        def guarded(self: S, patient_id: UUID, *args: P.args, **kwargs: P.kwargs) -> R:
            self.work.open(permission, [patient_id])
            return method(self, patient_id, *args, **kwargs)

        _say(guarded, permission)
        return cast(Callable[Concatenate[S, UUID, P], R], guarded)

    return guard


def on_patients(
    permission: Permission,
) -> Callable[[Callable[Concatenate[S, Collection[UUID], P], R]], Callable[Concatenate[S, Collection[UUID], P], R]]:
    """Opens the charts of a collection of patients, if there is a ground for each of them."""
    _must_open(permission)

    def guard(
        method: Callable[Concatenate[S, Collection[UUID], P], R],
    ) -> Callable[Concatenate[S, Collection[UUID], P], R]:
        @wraps(method)
        def guarded(self: S, patient_ids: Collection[UUID], *args: P.args, **kwargs: P.kwargs) -> R:
            self.work.open(permission, patient_ids)
            return method(self, patient_ids, *args, **kwargs)

        _say(guarded, permission)
        return cast(Callable[Concatenate[S, Collection[UUID], P], R], guarded)

    return guard


def without_patient(
    permission: Permission,
) -> Callable[[Callable[Concatenate[S, P], R]], Callable[Concatenate[S, P], R]]:
    """Asks for the role's permission alone; the method reads no chart (row-level security shows it none)."""

    def guard(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
        @wraps(method)
        def guarded(self: S, *args: P.args, **kwargs: P.kwargs) -> R:
            self.work.admit(permission)
            return method(self, *args, **kwargs)

        _say(guarded, permission)
        return cast(Callable[Concatenate[S, P], R], guarded)

    return guard


# A search reads through a function of the database that logs each hit itself.
finds_patients = without_patient


def _must_open(permission: Permission) -> None:
    if permission not in OPENS:
        raise TypeError(f"{permission} opens no part of a chart: say which in permissions.OPENS")


def _say(guarded: Any, permission: Permission) -> None:
    guarded.permission = permission
