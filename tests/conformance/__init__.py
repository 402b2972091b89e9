"""One suite for whatever answers behind the API: files are named by what goes wrong.

`targets.toml` says over what each statement is tested, and why where it is not. `checker` reads every stream.
"""
