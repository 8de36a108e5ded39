"""Everything that touches the generated messages: arguments to requests, responses to types."""
