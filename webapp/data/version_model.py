"""The data version, incremented by triggers at every change (migration 0003)."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Connection, inspect, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.data.database import Model


class DataVersion(Model):
    __tablename__ = "data_version"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)


def data_version(connection: Connection) -> int | None:
    """Return the data version, or None on a schema before revision 0003."""
    if not inspect(connection).has_table(DataVersion.__tablename__):
        return None
    return connection.scalar(select(DataVersion.version))
