"""What calls take and give: frozen dataclasses and enums, one idea a file."""
