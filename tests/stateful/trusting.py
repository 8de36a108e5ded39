"""Run `almoner` with a memory that trusts itself again soon after it was wrong.

Histories are full of retries and, with two servers, of calls elsewhere; each proves memory wrong. As it is meant for
production it would hardly be used again.
"""

from almoner.cli import main
from almoner_server.store import memory

if __name__ == "__main__":
    memory.SHORTEST_DISTRUST = memory.LONGEST_DISTRUST = 1
    main()
