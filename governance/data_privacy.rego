package data_mesh.governance

default allow_publish = false

allow_publish {
    input.schema.has_pii_tags == true
    input.infrastructure.encryption == "AES-256"
}
