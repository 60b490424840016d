# A product whose report failed stays inside.
package meshgate.central.report_passed

import rego.v1

failed := [check.id |
	some check in input.report.checks
	not check.status in {"pass", "warn"}
]

deny contains msg if {
	input.report.ok != true
	count(failed) > 0
	msg := sprintf("the contract does not hold: %s", [concat(", ", array.slice(failed, 0, 10))])
}

deny contains "the contract does not hold" if {
	input.report.ok != true
	count(failed) == 0
}

# No report, no publication: this package is asked again before the commit, and then there is one.
default reported := false

reported if is_boolean(input.report.ok)

deny contains "there is no report" if not reported
