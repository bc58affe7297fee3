"""The rules about Python code as operations teams write it, and about credentials in any file."""
