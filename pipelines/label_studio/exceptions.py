"""What can go wrong, split by what the caller does next.

LabelStudioError
├── SelectionError       the ids or projects asked for make no sense      → correct the arguments
├── ConfigurationError   the server can't be used as it was named
│   ├── WrongAddress     something answers there, but no Label Studio      → correct the URL
│   └── AccessDenied     the server refuses the token                      → correct the token
│       └── Forbidden    the token is good, but not for this one thing     → report it, go on
├── NotFound             the server says that there is no such object      → report it, go on
├── Unreachable          no connection, or only errors from the server     → run again later
└── RequestFailed        this one request can't be answered                → ask for less, report what is left
"""


class LabelStudioError(Exception):
    """The root of all errors of this package. The text is one line, made to be shown, and holds no secret."""


class SelectionError(LabelStudioError):
    """The ids or projects asked for make no sense."""


class ConfigurationError(LabelStudioError):
    """The server can't be used as it was named."""


class WrongAddress(ConfigurationError):
    """Something answers at the address, but it is no Label Studio."""


class AccessDenied(ConfigurationError):
    """The server refuses the token."""


class Forbidden(AccessDenied):
    """The server knows the token, but its user may not see what was asked for."""


class NotFound(LabelStudioError):
    """The server says, in JSON, that there is no such object."""


class Unreachable(LabelStudioError):
    """No connection to the server, or nothing but errors from it, after all retries."""


class RequestFailed(LabelStudioError):
    """A request that can't be answered: it takes too long, its answer can't be read, or the server fails on it."""
