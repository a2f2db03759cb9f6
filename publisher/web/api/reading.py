"""Reading what a request names."""

from publisher.addresses import BadAddress, parse
from publisher.web.api.problems import wrong


def address_key(said: str, where: str, pointer: str) -> str:
    """The key of a reader's address. Raises Problem, which says where the bad one stands."""
    try:
        return parse(said).key
    except BadAddress as error:
        raise wrong(where, pointer, str(error)) from error
