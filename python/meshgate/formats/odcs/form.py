"""The grammar of ODCS 3.0 to 3.2 as data: the keys of every object, and since when they exist.

Read as `key[*][:kind][@version]`: a star marks a required key, the kind is text when absent,
`[kind]` is a list, and the version is the first one with that key. Kinds with a grammar of their
own are entries of this table. Source: the standard's text and JSON Schemas.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
OLD_VERSIONS = ("v2.2.0", "v2.2.1", "v2.2.2")

_DESCRIBED = """id:id@3.1 description businessName authoritativeDefinitions:[link] tags:[text]
    customProperties:[custom] synonyms:[synonym]@3.2 deprecated:bool@3.2"""
_PROPERTY = f"""{_DESCRIBED} physicalName physicalType primaryKey:bool primaryKeyPosition:int
    logicalType logicalTypeOptions:open required:bool unique:bool partitioned:bool
    partitionKeyPosition:int classification encryptedName transformSourceObjects:[text]
    transformLogic transformDescription examples:any criticalDataElement:bool quality:[quality]
    properties:[property] items:item relationships:[relationship]@3.1 enum:[member]@3.2
    semanticType@3.2 map:map@3.2 context:any@3.2"""

GRAMMAR = {
    "contract": """version*:version apiVersion*:version kind* id*:any status name tenant
        tags:[text] domain dataProduct description:open authoritativeDefinitions:[link]
        servers:[server] schema:[object] support:[support] price:price team:team roles:[role]
        slaDefaultElement slaProperties:[level] customProperties:[custom] contractCreatedTs
        context:any@3.2""",
    "object": f"""name* {_DESCRIBED} logicalType physicalName physicalType
        dataGranularityDescription properties:[property] quality:[quality]
        relationships:[relationship]@3.1 context:any@3.2""",
    "property": f"name* {_PROPERTY}",
    "item": f"name {_PROPERTY}",
    "map": "key*:item value*:item",
    "quality": """id:id@3.1 name description type dimension method severity businessImpact unit
        schedule scheduler tags:[text] authoritativeDefinitions:[link] customProperties:[custom]
        metric@3.1 rule arguments:open@3.1 validValues:any query engine implementation:any
        mustBe:any mustNotBe:any mustBeGreaterThan:number mustBeGreaterOrEqualTo:number
        mustBeLessThan:number mustBeLessOrEqualTo:number mustBeBetween:any mustNotBeBetween:any""",
    "relationship": """id:id@3.2 type from:any to*:any description customProperties:[custom]""",
    "member": """id:id label value*:any description tags:[text] customProperties:[custom]
        authoritativeDefinitions:[link]""",
    "synonym": """id:id synonym* description locale source status customProperties:[custom]""",
    "level": """id:id@3.1 property* value*:any valueExt:any unit element driver description@3.1
        scheduler@3.1 schedule@3.1 customProperties:[custom]@3.2
        authoritativeDefinitions:[link]@3.2""",
    "custom": "id:id@3.1 property* value*:any description@3.1 vendor@3.2",
    "link": "id:id@3.1 url* type* description@3.1",
    "support": """id:id@3.1 channel* url description tool scope invitationUrl
        customProperties:[custom]@3.1""",
    "price": "id:id@3.1 priceAmount:number priceCurrency priceUnit",
    "person": """id:id@3.1 username* name description role dateIn dateOut replacedByUsername
        tags:[text]@3.1 customProperties:[custom]@3.1 authoritativeDefinitions:[link]@3.1""",
    "group": """id:id@3.1 name description members:[person] tags:[text]
        customProperties:[custom] authoritativeDefinitions:[link]""",
    "role": """id:id@3.1 role* description access firstLevelApprovers secondLevelApprovers
        customProperties:[custom]""",
}

# What a server of each type must name; a port may be a number or a text.
SERVERS = {
    "api": "location",
    "athena": "schema",
    "azure": "location format",
    "bigquery": "project dataset",
    "btrieve": "host database port",
    "clickhouse": "host port database",
    "cloudsql": "host port database schema",
    "custom": "",
    "databricks": "catalog schema",
    "db2": "host port database",
    "denodo": "host port",
    "dremio": "host port",
    "duckdb": "database",
    "exasol": "host port",
    "fastobjects": "database",
    "glue": "account database",
    "hana": "host port",
    "hive": "host database",
    "iceberg": "catalog catalogUrl",
    "impala": "host database",
    "informix": "host port database",
    "ingres": "host database port",
    "kafka": "host",
    "kinesis": "",
    "local": "path format",
    "mysql": "host port database",
    "oracle": "host port serviceName",
    "poet": "database",
    "postgres": "host port database schema",
    "postgresql": "host port database schema",
    "presto": "host",
    "pubsub": "project",
    "redshift": "database schema",
    "s3": "location",
    "sftp": "location",
    "snowflake": "account database schema",
    "sqlserver": "host port database schema",
    "synapse": "host port database",
    "teradata": "host port database",
    "trino": "host port catalog schema",
    "vectorwise": "host database port",
    "versant": "database",
    "vertica": "host port database schema",
    "zen": "host database",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an object."""

    name: str
    kind: str
    required: bool
    since: tuple[int, int]


@cache
def keys(kind: str) -> dict[str, Key]:
    """The keys of an object of this kind, by name."""
    found = {}
    for word in GRAMMAR[kind].split():
        match = re.fullmatch(r"(\w+)(\*?)(?::([\w\[\]]+))?(?:@(\d)\.(\d))?", word)
        assert match, word
        since = (int(match[4]), int(match[5])) if match[4] else (3, 0)
        found[match[1]] = Key(match[1], match[3] or "text", bool(match[2]), since)
    return found
