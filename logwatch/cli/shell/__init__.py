"""What a shell and `man` know of the commands: made when logwatch is built, of the table of verbs.

Pressing TAB starts no Python. shtab, which is needed for building only, writes for bash and zsh.
"""
