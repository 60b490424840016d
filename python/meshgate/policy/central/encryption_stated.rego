# Whoever publishes knows whether the destination encrypts what it stores. Saying "none" is an
# answer; a domain that wants more asks for it in a policy of its own.
package meshgate.central.encryption_stated

import rego.v1

default stated := false

stated if {
	is_string(input.infrastructure.encryption)
	trim_space(input.infrastructure.encryption) != ""
}

deny contains "nobody states how the destination encrypts what it stores" if not stated
