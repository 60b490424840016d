# Every product has somebody to ask.
package meshgate.central.owner_named

import rego.v1

default named := false

named if trim_space(input.contract.owner) != ""

deny contains "the contract names no owner" if not named
