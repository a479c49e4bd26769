"""Tables and files of ours, read back by the programs our users have.

The writers are the small C programs beside this file; they write exactly what they are told, and
the tests compare what every reader gives with that. Runs under the Python that
`scripts/setup-tests` installs; the programs are looked for in the build directory `EAGRE_BUILD`
(`build` without it).
"""
