# Personal data leaves masked, or not at all.
package meshgate.central.pii_masked

import rego.v1

deny contains msg if {
	some column in input.schema.columns
	object.get(column, "pii", "unstated") != null
	not masked(column)
	name := object.get(column, "name", "?")
	kind := object.get(column, "pii", "unstated")
	msg := sprintf("column %v is tagged as personal data (%v) and has no mask", [name, kind])
}

deny contains "the promised columns are not stated" if not is_array(input.schema.columns)

# The contract names a mask, and the mesh states that it will apply it.
masked(column) if {
	column.mask != null
	input.masking[column.name].method == column.mask
}

# A field is masked when the struct or list around it is.
masked(column) if {
	some parent in input.schema.columns
	some separator in {".", "["}
	startswith(column.name, concat("", [parent.name, separator]))
	parent.mask != null
	input.masking[parent.name].method == parent.mask
}
