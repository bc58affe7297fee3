"""The configuration of setuptools: setup.py, setup.cfg, read without running them."""
