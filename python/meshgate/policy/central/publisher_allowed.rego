# Who publishes in a domain belongs to it.
package meshgate.central.publisher_allowed

import rego.v1

default allowed := false

# A mesh that names no domains leaves publishing to whoever holds its configuration.
allowed if {
	count(input.publication.domains) == 0
	input.publication.domain == null
}

allowed if {
	known
	input.publication.publisher.id in input.publication.publishers
}

allowed if {
	known
	some role in input.publication.publisher.roles
	role in input.publication.publishers
}

default known := false

known if input.publication.domain in input.publication.domains

# Names for the messages: a message that is built from something missing would not be said.
default publisher := null

publisher := input.publication.publisher.id

default domain := null

domain := input.publication.domain

deny contains msg if {
	not known
	not allowed
	msg := sprintf("the mesh has no domain %v", [domain])
}

deny contains msg if {
	known
	not allowed
	msg := sprintf("publisher %v may not publish in domain %v", [publisher, domain])
}
