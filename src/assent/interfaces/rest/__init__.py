"""The server's door: JSON over HTTP, and the files of the web page."""
