"""What of the documentation is made by code: pages out of the program, pictures out of the demo."""
