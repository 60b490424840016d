package data_mesh.governance_test

import data.data_mesh.governance

full = {
    "schema": {"has_pii_tags": true},
    "infrastructure": {"encryption": "AES-256"}
}

test_personal_data_on_encrypted_storage_is_allowed {
    governance.allow_publish with input as full
}

test_storage_without_encryption_is_denied {
    not governance.allow_publish with input as {
        "schema": {"has_pii_tags": true},
        "infrastructure": {"encryption": "none"}
    }
}

test_unstated_encryption_is_denied {
    not governance.allow_publish with input as {"schema": {"has_pii_tags": true}, "infrastructure": {}}
}

test_text_is_not_a_boolean {
    not governance.allow_publish with input as {
        "schema": {"has_pii_tags": "true"},
        "infrastructure": {"encryption": "AES-256"}
    }
}
