"""How often deprecated API versions are called, by day, method and client."""

from sqlalchemy import BigInteger, Column, Date, Table, Text

from adapters.sql.tables import metadata

api_use = Table(
    "api_use",
    metadata,
    Column("day", Date, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("client", Text, primary_key=True),
    Column("calls", BigInteger, nullable=False),
)
