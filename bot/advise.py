"""`advise`: advisories from the draft to the last person, on the command line."""

import click

from bot import drafting, enrolling, releasing, showing

group = click.Group("advise")
for command in (
    drafting.templates,
    drafting.draft,
    drafting.change,
    drafting.update,
    drafting.import_,
    showing.listed,
    showing.show,
    showing.preview,
    releasing.approve,
    releasing.publish,
    releasing.pause,
    releasing.resume,
    releasing.cancel,
    releasing.discard,
    showing.status,
    showing.export,
    enrolling.tester_code,
    enrolling.testers,
):
    group.add_command(command)
