"""The console at ``/admin``: for the installation's owner, and for administrators who come by a launch of their school."""
