"""What every line of city data is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
AreaCode = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}(/[a-z0-9-]{1,40})*$", max_length=120)]
CategoryPath = Annotated[str, Field(pattern=r"^[^/\s]+(/[^/\s]+){0,4}$", max_length=120)]
Short = Annotated[str, Field(min_length=1, max_length=60)]


class Row(BaseModel):
    """A piece of city data: never changed, and nothing in it that we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Name(Row):
    zh: Short
    en: Annotated[str, Field(min_length=1, max_length=120)]
