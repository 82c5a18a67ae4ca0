# What rules under `policies.rules` look at, for rules in Rego:
#
#   rolecall policy facts > facts.json
#   conftest test facts.json --policy examples/conftest/facts
#
# `rolecall schema facts` says what a row has: the fields that rules in CEL call `access.…` and `edit.…`. The rules below say the
# same as the comments above them.
package main

import rego.v1

deny contains "these rules read facts of version 1" if not is_facts

is_facts if {
	input.kind == "facts"
	input.version == 1
}

# What was not read may break any rule.
deny contains msg if {
	some missing in input.unread
	msg := sprintf("not read: %s of %s", [missing.what, missing.company])
}

# when: access.privileged    deny: access.domain != "voyager.example"
deny contains msg if {
	some access in input.access
	access.privileged
	not access.domain == "voyager.example"
	msg := sprintf("%s holds %s%s", [who(access), access.role, place(access)])
}

# when: "!access.direct && access.gives"
# deny: access.reaches.beyondCompanies && access.through.exists(it, !it.managed)
deny contains msg if {
	some access in input.access
	not access.direct
	access.gives
	access.reaches.beyondCompanies
	some way in access.through
	not way.managed
	msg := sprintf("%s holds %s beyond named companies, through %s", [who(access), access.role, way.group])
}

# deny: edit.kind == "directRole" && edit.action != "remove"
deny contains msg if {
	some edit in input.edits
	edit.kind == "directRole"
	edit.action != "remove"
	msg := sprintf("%s gets the direct role %s%s", [who(edit), edit.role, place(edit)])
}

who(row) := object.get(row, "person", row.userId)

place(row) := sprintf(" (%s:%d)", [row.file, row.line])

place(row) := "" if not row.file
