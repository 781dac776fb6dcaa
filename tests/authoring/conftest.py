"""Plugins in a folder and the command line in this process, as in the tests of plugins."""

from tests.plugins.conftest import command, folder, one_thread, plugin

__all__ = ["command", "folder", "one_thread", "plugin"]
