"""The questions. `from publisher.testing.contract import *` asks them of the fixture `world`."""

from publisher.testing.contract.asking import *
from publisher.testing.contract.crashing import *
from publisher.testing.contract.failing import *
from publisher.testing.contract.odd import *
from publisher.testing.contract.posting import *
from publisher.testing.contract.rendering import *
