"""Filtering by thousands of ids."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Lookup
from django.db.models.sql.compiler import SQLCompiler

BETWEEN = "\x1f"  # what no id of either system contains


@CharField.register_lookup
class Among(Lookup):  # type: ignore[type-arg]
    """``external_id__among=ids``: as ``in``, with all of them as one parameter instead of one for each.

    None of them may be empty.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(string_to_array(%s, %s))", (*params, BETWEEN.join(self.rhs), BETWEEN)
