"""An index of what editions say, for who looks for something in the archive."""

from alembic import op

from publisher.storage import searching

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add: what a program of the version before writes is indexed when somebody searches."""
    searching.make(op.get_bind())
