"""The only owner of the terminal, of tables, progress and JSON documents."""
