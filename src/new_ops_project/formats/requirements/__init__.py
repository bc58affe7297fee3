"""Requirements of Python packages, as pip reads them from files."""
