# What your own people agreed on, checked on the JSON of a plan:
#
#   rolecall plan --report json=plan.json --check
#   conftest test plan.json --policy examples/conftest/policy --data examples/conftest/data.yaml
#
# `rolecall schema plan` says what a plan has. `people.affected` is what people can do after it and could not before, through
# everything together, each with the group and the line of YAML; `edits` is every fact that changes.
package main

import rego.v1

deny contains "this policy reads plans of version 2" if not is_plan

is_plan if {
	input.kind == "plan"
	input.version == 2
}

# Nobody outside the security team gains a privileged role, by whatever group or way.
deny contains msg if {
	some row in input.people.affected
	some role in row.roles
	role.privileged
	role.gives
	some user in row.userIds
	not person(user) in data.security
	some path in role.through
	path.how in {"joins", "gains"}
	msg := sprintf("%s gains %s %s, and is not in the security team", [person(user), title(role), way(path)])
}

# Roles belong to groups.
deny contains msg if {
	some edit in input.edits
	edit.kind == "directRole"
	edit.action != "remove"
	msg := sprintf("%s gets the direct role %s: put it into a group", [person(edit.userId), edit.roleType])
}

# One plan leaves few people without anything.
deny contains msg if {
	left := count(input.people.loseEverything)
	left > data.mostWithoutAnything
	msg := sprintf("%d people lose everything, at most %d may in one plan", [left, data.mostWithoutAnything])
}

# Worth a look, and no reason to stop.
warn contains msg if {
	some edit in input.edits
	edit.relation == "widens"
	msg := sprintf("%s of %s holds in more places than before", [edit.role, edit.group])
}

warn contains msg if {
	input.notAsked > 0
	msg := sprintf("%d people were not asked for groups that no file names", [input.notAsked])
}

# Names are for people; where there is none the id has to do.
person(user) := object.get(input.names.people, user, user)

title(role) := object.get(input.names.roles, role.roleId, role.roleId)

title(role) := role.roleType if not role.roleId

way(path) := sprintf("through %s (%s)", [path.group, place(path)])

way(path) := sprintf("outside groups (%s)", [place(path)]) if not path.group

place(path) := sprintf("%s:%d", [path.origin.file, path.origin.line])

place(path) := "asked for by nobody" if not path.origin
