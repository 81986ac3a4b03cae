"""Does a load go with the warehouse?

Ids of another server name other tasks and other people; and names of people must not stand beside pseudonyms.
"""

from .answers import Settings, read
from .client import Client
from .cursors import Cursors
from .exceptions import ConfigurationError, Forbidden, NotFound
from .known import Known
from .pseudonyms import Pseudonyms

#: So many projects of the warehouse are looked for at a new address.
_SOME = 5


async def expect_same_server(client: Client, known: Known, cursors: Cursors) -> None:
    """Raises ConfigurationError where the warehouse was loaded from an address that is not this one, nor its old one.

    A server that has moved is known by its projects: at least one has to be there, made at the same moment.
    """
    before = cursors.server
    projects = known.projects() if before not in (None, client.url) else {}
    if not projects:
        return
    for project_id in sorted(projects)[:_SOME]:
        try:
            settings = read(await client.project(project_id), Settings)
        except (NotFound, Forbidden):
            continue
        if projects[project_id].created_at and not projects[project_id].is_other_project(settings):
            return
    raise ConfigurationError(
        f"the warehouse holds the tasks of {before}, and {client.url} has none of its projects: name another --database"
        " or another --dataset, as tasks of two servers can't be told apart in one"
    )


def expect_same_pseudonyms(known: Known, cursors: Cursors, pseudonyms: Pseudonyms | None) -> None:
    """Raises ConfigurationError where the warehouse was loaded with names and this load has pseudonyms, or otherwise.

    What was loaded before would keep its names, in rows or in the file's freed blocks.
    """
    if not known.projects() or cursors.pseudonyms == (pseudonyms.fingerprint if pseudonyms else None):
        return
    before = (
        "under another pseudonym_key"
        if cursors.pseudonyms and pseudonyms
        else ("with pseudonyms" if cursors.pseudonyms else "without pseudonyms")
    )
    raise ConfigurationError(
        f"the warehouse was loaded {before}: set pseudonymize_users and pseudonym_key as they were,"
        " or name another --database"
    )
