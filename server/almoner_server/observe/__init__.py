"""What can be seen of the authority: logs always, traces and metrics where they are asked for."""
