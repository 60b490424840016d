"""The table of error codes that Python raises; the engine's own codes come from the engine.

One file because it is one table. Codes are added, never renamed. ``meshgate explain CODE`` prints
a row, and a test compares the table with what the sources raise.
"""

from __future__ import annotations

from meshgate.errors import Code

CODES: tuple[Code, ...] = (
    Code(
        "catalog.bad_receipt",
        "a stored receipt cannot be read",
        "The text in the catalog or in a commit is not a receipt of this format. It was "
        "written by a later meshgate or changed by something else; the published data is "
        "not concerned.",
    ),
    Code(
        "catalog.corrupt",
        "the catalog's database is damaged",
        "SQLite or PostgreSQL found that a file is not what it wrote. The destinations hold every "
        "receipt, so the catalog can be rebuilt from them; published data is not concerned.",
    ),
    Code(
        "catalog.destination_lost",
        "the catalog says published, the destination does not hold it",
        "The table was removed, emptied or restored from an older copy behind the catalog's "
        "back. Nothing was published now; decide which of the two is right first.",
    ),
    Code(
        "catalog.format",
        "the catalog was made by another version",
        "The tables have a format that this meshgate does not write, so it does not touch "
        "them. The data at the destinations is not concerned.",
    ),
    Code(
        "catalog.network_file_system",
        "the catalog would be on a network file system",
        "Its write-ahead log needs shared memory of one host, and locks that network file "
        "systems do not keep. A catalog for several hosts belongs in PostgreSQL.",
    ),
    Code(
        "catalog.no_version",
        "the product had no version at that moment",
        "Every publication of the product is newer than the moment that was asked for. It "
        "does not mean that the product does not exist.",
    ),
    Code(
        "catalog.not_durable",
        "the database refuses to be durable",
        "SQLite did not take the write-ahead log with a sync at every commit, as on file "
        "systems without shared memory, or PostgreSQL runs with fsync off. Nothing was recorded "
        "or published.",
    ),
    Code(
        "catalog.not_recorded",
        "the product is published, the catalog could not record it",
        "The commit is visible and durable, and the error carries its receipt. Opening the "
        "mesh again asks the destination and records it; do not publish again under another "
        "id.",
    ),
    Code(
        "catalog.receipt_lost",
        "the receipt of a published id cannot be found",
        "The destination remembers the publish id, its log entry with the receipt was "
        "cleaned away, and the catalog never had a copy. The data is published.",
    ),
    Code(
        "catalog.unavailable",
        "the catalog's database did not answer",
        "It is locked for longer than the timeout, its disk is full, or its server is away. "
        "Before the commit this aborts the publication; nothing half visible is left.",
    ),
    Code(
        "catalog.unknown_product",
        "the catalog has no product of this name",
        "Names are exact and have their domain in front, such as finance.monthly_ledger. A "
        "product that was only ever denied is not in the catalog.",
    ),
    Code(
        "commit.failed",
        "the commit did not happen",
        "For certain: the destination was asked afterwards and does not hold the publish "
        "id. Nothing became visible, and publishing again with the same id is safe.",
    ),
    Code(
        "commit.moved",
        "the product has changed since the keys were compared with it",
        "Somebody published, replaced or rewrote the product while a publication with "
        "`unique` over the whole dataset was on its way, and a key of it may be published by "
        "now. Nothing became visible. Publish again: the keys are compared anew.",
    ),
    Code(
        "commit.unknown",
        "the commit may or may not have happened",
        "The destination did not answer after the commit was sent, or could not make it "
        "durable. Nothing was removed. Publish again with the same publish_id: that looks "
        "first.",
    ),
    Code(
        "commit.watermark",
        "another run has followed the source at least as far",
        "The table already carries a watermark as new as this publication's, so publishing "
        "would set it back or repeat rows. Nothing became visible.",
    ),
    Code(
        "contract.alias",
        "an alias cannot be followed",
        "An alias (*name) has no anchor (&name) before it, stands inside its own anchor, or "
        "aliases repeat more than the budget allows. Write the value out where it is used.",
    ),
    Code(
        "contract.bad_duration",
        "a length of time cannot be read",
        "A service level or an age is not a number with a unit (15m, 24h, 7d, w) or an ISO "
        "8601 duration. `m` is minutes. Months and years have no fixed length and cannot "
        "bound an age.",
    ),
    Code(
        "contract.bad_json",
        "the canonical JSON of a contract cannot be read",
        "Text that was handed in as the canonical form of a contract, for instance from a "
        "receipt, is not of that form. It does not concern documents that people write.",
    ),
    Code(
        "contract.bad_name",
        "a name cannot be used",
        "The name of a dataset or domain becomes folders and tables, so it consists of "
        "letters, digits, _ and -, with dots between its parts, and has at most 200 "
        "characters. The name of a column may hold anything but the character U+0000.",
    ),
    Code(
        "contract.bad_number",
        "a number is outside what can be used",
        "NaN, infinity, numbers beyond the range of every column type, and percentages "
        "outside 0 to 100 are no values of a contract.",
    ),
    Code(
        "contract.bad_version",
        "the version is not one by SemVer",
        "A contract's version has three numbers, such as 1.2.0, so that changes can be "
        "compared with it. Quotes make no difference.",
    ),
    Code(
        "contract.contradiction",
        "two clauses contradict each other",
        "Two keys of one place say opposite things, such as required beside nullable, or "
        "fields under a column that is no struct. Nothing was assumed; keep one of them.",
    ),
    Code(
        "contract.duplicate_id",
        "an id is used twice",
        "Ids tell reports and quarantined rows apart, so each occurs once in a contract. The "
        "ids of presence and type (`<column>.column_exists`, `<column>.type_is`) are taken.",
    ),
    Code(
        "contract.duplicate_key",
        "a key is given twice",
        "Two values stand under the same key of one mapping; neither was preferred. Keys are "
        'compared as text, so 1 and "1" are the same key.',
    ),
    Code(
        "contract.duplicate_name",
        "a column is promised twice",
        "Two columns of one level have the same name. Names are compared exactly; `Amount` "
        "and `amount` are two columns.",
    ),
    Code(
        "contract.empty",
        "the document is empty",
        "The document holds nothing but comments or blank lines. A native contract starts "
        "with dataset and version.",
    ),
    Code(
        "contract.encoding",
        "the document is not clean UTF-8",
        "The bytes are not UTF-8, or hold a control character, a surrogate or a NUL. Save the "
        "file as UTF-8; a byte order mark at the beginning does no harm.",
    ),
    Code(
        "contract.key_kind",
        "a key is not text",
        "A list, a mapping or nothing at all stands where a key should be. Keys of a contract "
        "are text.",
    ),
    Code(
        "contract.literal_key",
        "a secret stands in the contract",
        "A mask's key is given as a reference, env:NAME or file:PATH. If what stands there is "
        "a real key, change it: the document was already readable by others.",
    ),
    Code(
        "contract.merge_key",
        "a merge key is used",
        "Merge keys (<<) hide which value counts, so contracts do without them. Write the "
        "keys out; anchors and aliases for whole values are accepted.",
    ),
    Code(
        "contract.missing_key",
        "a key is missing",
        "A mapping lacks a key that it cannot do without; the help says what it is for.",
    ),
    Code(
        "contract.not_found",
        "the contract cannot be opened",
        "The path names no regular file that may be read. Nothing else was tried: loading "
        "opens the one file it is given.",
    ),
    Code(
        "contract.reserved_name",
        "a column uses the reserved prefix",
        "Names that start with _mg_ belong to the columns that meshgate adds to quarantined "
        "and published rows. Rename the column.",
    ),
    Code(
        "contract.several_datasets",
        "one of several datasets has to be named",
        "An ODCS document with several objects is one contract each; a plan is made for one "
        "of them. Name it with the argument `dataset`.",
    ),
    Code(
        "contract.several_documents",
        "the file holds several documents",
        "A contract is one YAML document. Remove the --- line, or split the file.",
    ),
    Code(
        "contract.syntax",
        "the document is not YAML",
        "The document breaks off here because its structure cannot be read; what follows was "
        "not looked at.",
    ),
    Code(
        "contract.tag",
        "a tag is used",
        "Tags (!name, !!name) ask a reader to build something. Contracts hold plain values "
        "only, and nothing was built.",
    ),
    Code(
        "contract.too_large",
        "the document is over a bound",
        "Size, depth, number of values, length of a text or number of columns is over its "
        "bound, which the help names. Raise it with formats.Limits if the document is honest.",
    ),
    Code(
        "contract.unknown_column",
        "the contract promises no such column",
        "A rule or a service level names a column that is not in the contract's schema. Dots "
        "reach into structs. It says nothing about the data.",
    ),
    Code(
        "contract.unknown_form",
        "the document is no contract",
        "The top-level keys are neither those of the native form (dataset, version) nor those "
        "of ODCS (apiVersion, kind). Nothing below them was judged.",
    ),
    Code(
        "contract.unknown_key",
        "a key is not known",
        "A misspelt key would silently promise nothing, so every key must be known. The help "
        "names the nearest one; own data belongs under metadata.",
    ),
    Code(
        "contract.unknown_standard",
        "the document follows a standard that is not read",
        "apiVersion names no version of ODCS between 3.0.0 and 3.2.0, or kind is not "
        "DataContract. ODCS 2 has another grammar; convert such documents first.",
    ),
    Code(
        "contract.unknown_type",
        "there is no such type",
        "A column is promised with a type that the form does not have; the help names the "
        "nearest one.",
    ),
    Code(
        "contract.unknown_word",
        "a word is not one of those accepted here",
        "The key takes one of a few words; the help lists them or names the nearest one.",
    ),
    Code(
        "contract.unresolved_variable",
        "a variable is not resolved",
        "A clause that is used holds ${NAME}. Contracts read no environment, and an empty "
        "value would promise something else, so the value has to be written out. "
        "Descriptions, servers and queries may hold variables.",
    ),
    Code(
        "contract.wrong_kind",
        "a value is of another kind than expected",
        "Text stands where a list, a mapping, a number or true/false is expected, or the "
        "other way round. `yes`, `no`, `on`, `off` are text; numbers that are meant as text "
        "need quotes.",
    ),
    Code(
        "engine.out_of_order",
        "a publication's steps came in the wrong order",
        "This is a bug in meshgate, for instance a run that ended without a digest of its "
        "input. Nothing was published.",
    ),
    Code(
        "engine.parts_incomplete",
        "the parts of a frame do not add up",
        "Rows that a distributed engine had judged are missing, or came twice, when its parts were "
        "put together. Nothing was published; judge the frame again. It says nothing about the "
        "values.",
    ),
    Code(
        "engine.profile_malformed",
        "a profile cannot be read",
        "A profile is not of its canonical form: it was altered, or written by another version. It "
        "says nothing about the data.",
    ),
    Code(
        "engine.report_malformed",
        "a report cannot be read",
        "The JSON of a report is not of its canonical form: it was altered, or written by "
        "another version. It says nothing about the data.",
    ),
    Code(
        "plan.open_decimal",
        "text cannot be read as a decimal of any size",
        "CSV and JSON lines carry no types, and a column that is promised as `decimal` alone says "
        "nothing about its digits. It does not mean that the data is wrong. Promise the digits, "
        "such as decimal(18,2).",
    ),
    Code(
        "policy.failed",
        "the policies could not be evaluated",
        "Deciding itself broke, so the answer is a denial. It says nothing about the data "
        "or the contract; look at the policies with meshgate lint.",
    ),
    Code(
        "policy.log_failed",
        "a decision could not be written to the decision log",
        "The line is not known to be on disk, so the decision counts as a denial, whatever the "
        "policies said. It does not mean that they denied. Free space or permissions, and "
        "publish again.",
    ),
    Code(
        "policy.read_denied",
        "the product may not be read by this person",
        "An access policy exists, and none allows this user to read the product. No row was "
        "read. Without any access policy every product may be read.",
    ),
    Code(
        "policy.unreadable",
        "a file or folder of policies cannot be read",
        "It does not exist, cannot be opened, is not UTF-8 text, or is a link that leads out of "
        "its folder. Nothing is published without the policies that were configured.",
    ),
    Code(
        "source.job_failed",
        "the distributed engine's job failed",
        "Spark or Ray gave up: an executor was lost, memory ran out, or what the frame is computed "
        "from failed. The engine's own log says why; its message is not repeated, because it can "
        "quote values. Nothing was published.",
    ),
    Code(
        "source.no_columns",
        "nothing can be proposed for the data",
        "It has no column, or none whose type is known, as a CSV file of a header only. A "
        "contract promises at least one.",
    ),
    Code(
        "source.not_arrow",
        "the data does not speak Arrow",
        "The object has no Arrow interface, or its own library refused to give its batches. "
        "Nothing was read. It says nothing about the values.",
    ),
    Code(
        "source.not_found",
        "there is no such file",
        "The path of the data names nothing. Nothing was read.",
    ),
    Code(
        "source.read_before",
        "a stream was given twice",
        "A reader gives its batches once; afterwards it is an empty stream, and a check of no rows "
        "passes. Make a new reader for each run, or pass something that can be read again.",
    ),
    Code(
        "source.unreadable",
        "the data cannot be read",
        "The file is truncated, of another format than its name says, or its own library "
        "refused it. That library's message is not repeated: it can quote values.",
    ),
    Code(
        "stage.bad_columns",
        "the destination cannot take these column names",
        "Two names differ only in upper and lower case, there is no column at all, or a "
        "column has a name that the gate adds itself for lineage.",
    ),
    Code(
        "stage.bad_name",
        "a name cannot be a table or a publication",
        "Product names and publish ids become folders and file names, so they consist of a "
        "few safe signs only. What was given is not repeated in the message.",
    ),
    Code(
        "stage.batch_differs",
        "a batch does not have the announced columns",
        "Batches that go to a destination have the columns that the plan announced. This "
        "does not come from the data; something between plan and destination is wrong.",
    ),
    Code(
        "stage.busy",
        "another process holds the publication",
        "The same publish id, or the creation of the same table, is in the hands of another "
        "living process. A dead process holds nothing.",
    ),
    Code(
        "stage.file_changed",
        "a staged file is not what was written",
        "Between staging and commit a file vanished or changed its size, so something else "
        "works in the table's folder. Nothing became visible.",
    ),
    Code(
        "stage.forked",
        "a process was forked after it had used a table",
        "The threads of the library that reads and writes tables are not copied by a fork. Nothing "
        "was staged or published by the fork; the process that it came from is not concerned.",
    ),
    Code(
        "stage.full",
        "the destination has no room",
        "The disk or the quota is full. What the attempt had written was removed, and "
        "nothing became visible; make room and publish again.",
    ),
    Code(
        "stage.inexact",
        "a value has no exact form at the destination",
        "Delta stores microseconds and UTF-8 text of limited size. A finer or larger value "
        "is never rounded or cut; the publication stops and nothing is visible.",
    ),
    Code(
        "stage.io",
        "the destination's storage failed",
        "The operating system refused to write, sync or lock. The attempt's files are given "
        "up, because after a failed sync nobody knows what they hold; nothing became "
        "visible.",
    ),
    Code(
        "stage.masked_otherwise",
        "the published keys are masked otherwise",
        "A check compares keys with all that the product has published, and a key column of it was "
        "published without its mask, or with another mask, domain or key. Equal values look "
        "different there, so nobody can say that a key is new. Nothing was published.",
    ),
    Code(
        "stage.no_table",
        "the product has no table",
        "Nothing was published there yet, or the table could not be created for lack of "
        "room or permission.",
    ),
    Code(
        "stage.no_version",
        "the product has no such version",
        "Versions are the destination's numbers, as the catalog shows them. They are not "
        "the versions of the contract.",
    ),
    Code(
        "stage.output_failed",
        "a file could not be written",
        "A file that a command was to write, with rows that were read or the files of a new "
        "mesh, could not be written or completed. No half-written output was left behind, and "
        "nothing was published by it.",
    ),
    Code(
        "stage.output_lost",
        "the output of a command is not shown whole",
        "Standard output takes no more text, such as one that leads to a full disk. What the "
        "command did is done: what it published is published, and the catalog shows it. The exit "
        "code is the command's own, or 3 where that would have been 0.",
    ),
    Code(
        "stage.publish_id_reused",
        "this publish_id has published something else",
        "A publish id names one intent. With other rows or under another contract it would "
        "be two; the published data stands as it is and nothing was added.",
    ),
    Code(
        "stage.rewritten",
        "what was added since cannot be told",
        "The product was replaced as a whole after the version in question. It can be read whole.",
    ),
    Code(
        "stage.schema_differs",
        "the table has other columns than the publication",
        "Names, order, types and nullability are compared exactly, because the destination "
        "would drop or misread what differs. New nullable columns join with evolve=True.",
    ),
    Code(
        "stage.table_constraints",
        "the table has constraints of its own",
        "Staged files bypass constraints that a table enforces on write, so the gate "
        "refuses such a table. The same assertions belong into the contract as checks.",
    ),
    Code(
        "stage.table_foreign",
        "the table uses features that the gate does not write",
        "Partitions, column mapping, generated columns and the like need writers that know "
        "them. Publish into a table that the gate has created.",
    ),
    Code(
        "stage.unreadable",
        "the table at the destination cannot be read",
        "Its log or a file of it is missing or damaged, or the storage does not answer. In "
        "doubt nothing is removed and nothing is published.",
    ),
    Code(
        "stage.unsupported_type",
        "the destination has no exact place for a type",
        "Delta has no times of day, durations, intervals or decimals of more than 38 "
        "digits. Nothing is converted by guess; cast the column before publishing.",
    ),
    Code(
        "usage.bad_mesh",
        "the mesh's folder cannot be made",
        "The folder is not writable, or what was said about its encryption is neither none "
        "nor AES-256.",
    ),
    Code(
        "usage.bad_mode",
        "there is no such way to publish",
        "A publication appends its rows to the product or replaces the product as a whole: "
        "append, replace. Nothing was read.",
    ),
    Code(
        "usage.bad_moment",
        "a moment is no ISO 8601 date or time",
        "Moments are written like 2026-01-31 or 2026-01-31T18:00:00Z; without a zone they are UTC.",
    ),
    Code(
        "usage.bad_option",
        "the command line cannot be understood",
        "A command, option or argument is unknown, missing or of the wrong form. Nothing was "
        "read; --help of the command lists what it takes.",
    ),
    Code(
        "usage.bad_person",
        "who acts is not named properly",
        "Publishers and readers are named by an id, or by a mapping with id and roles, all "
        "of them texts. It does not say whether the person may act.",
    ),
    Code(
        "usage.bad_setting",
        "an environment variable cannot be understood",
        "MESHGATE_THREADS and MESHGATE_MEMORY take whole numbers: threads, bytes. MESHGATE_SPILL "
        "names a folder.",
    ),
    Code(
        "usage.catalog_url",
        "the catalog's database is of no known kind",
        "catalog.database in mesh.toml is the path of a SQLite file, or the URL of a PostgreSQL "
        "database. Other databases are refused, because nobody has tried whether they keep what "
        "the catalog needs: durable commits and one writer at a time.",
    ),
    Code(
        "usage.extra_missing",
        "a package that this needs is not installed",
        "Heavy clients are extras of the package, and this one is not there. The help has the "
        "command that installs it.",
    ),
    Code(
        "usage.file_exists",
        "the output file exists already",
        "Commands never overwrite a file that they did not make in the same run. Name another "
        "one, or remove it.",
    ),
    Code(
        "usage.gate_without_mesh",
        "a gate without a mesh can only check",
        "Publishing needs storage, policies, keys and a catalog, which the mesh has. "
        "Checking a file against a contract needs none of them.",
    ),
    Code(
        "usage.interrupted",
        "the command was interrupted",
        "Somebody stopped it, with Ctrl-C for instance. What was not committed by then is "
        "invisible; a publication whose receipt was shown is published.",
    ),
    Code(
        "usage.key_file",
        "a key file cannot be used",
        "The file that a key reference names is missing, unreadable, no regular file, or "
        "too large; or a new one would overwrite an existing key.",
    ),
    Code(
        "usage.key_literal",
        "a key is given instead of a reference",
        "Keys are never written into contracts or mesh.toml; env:NAME and file:PATH refer "
        "to them. A key that was written down should be changed.",
    ),
    Code(
        "usage.key_mode",
        "a key file is open to others",
        "Group or others may read or write the file of a masking key, so the masks would "
        "protect nothing. Only its owner may reach it.",
    ),
    Code(
        "usage.key_short",
        "a key is too short",
        "Masks need a key of at least 32 random bytes, as bytes or as hexadecimal or base64 "
        "text. A short key can be guessed.",
    ),
    Code(
        "usage.key_unset",
        "a key's environment variable is not set",
        "The reference env:NAME names a variable that this process does not have. Nothing "
        "was read or published.",
    ),
    Code(
        "usage.keys_not_compared",
        "checked data was not compared with what is published",
        'A check of the contract has the scope "dataset": no key may occur twice in all that the '
        "product has published. What validate_and_mask returned was judged by itself, and the "
        "product may have changed since. Publish the data instead.",
    ),
    Code(
        "usage.lineage_needs_id",
        "lineage columns need a publish_id",
        "Every row would carry the publish id, but without one from the caller it only "
        "follows from the rows themselves. Give publish_id, or publish checked data.",
    ),
    Code(
        "usage.mesh_key",
        "a key of mesh.toml is wrong",
        "The key is unknown or its value has another type. Unknown keys are refused, "
        "because a mistyped one would be a setting that silently does not hold.",
    ),
    Code(
        "usage.mesh_missing",
        "the mesh's file cannot be read",
        "There is no mesh.toml at this place, it may not be read, or it is larger than a mebibyte.",
    ),
    Code(
        "usage.mesh_syntax",
        "the mesh's file is not TOML",
        "The file does not follow the grammar of TOML 1.0 at the line and column shown. "
        "Nothing was opened.",
    ),
    Code(
        "usage.no_mesh",
        "there is no mesh",
        "Neither --mesh nor the variable MESHGATE_MESH names one, and the working folder has "
        "neither mesh.toml nor a folder named mesh. Make one with `meshgate init`.",
    ),
    Code(
        "usage.no_such_column",
        "the product has no such column",
        "A column that was asked for is not part of the published product. It says nothing "
        "about the contract; `meshgate catalog show` lists the columns.",
    ),
    Code(
        "usage.nothing_to_lint",
        "a folder holds nothing that lint reads",
        "There is no policy in it or below it. Contracts are named one by one, because other "
        "YAML files may lie beside them. It does not mean that what is there is sound.",
    ),
    Code(
        "usage.other_contract",
        "checked data does not belong to this gate",
        "What validate_and_mask returned belongs to one contract, and may not be changed "
        "before it is published. Check the data again.",
    ),
    Code(
        "usage.other_domain",
        "contract and caller name different domains",
        "The domain decides who may publish and under which policies, so it is not guessed. "
        "Leave it out in one of the two places.",
    ),
    Code(
        "usage.other_engine",
        "the data does not belong to this engine",
        "`meshgate.distributed.spark` takes Spark's data frames and `meshgate.distributed.ray` "
        "takes Ray's datasets. A gate by itself takes everything else that speaks Arrow.",
    ),
    Code(
        "usage.phase",
        "there is no such phase",
        "A decision about a publication is asked for before the data is read (`before_data`) or "
        "before the commit (`before_commit`). It concerns callers of the Python interface only.",
    ),
    Code(
        "usage.projection_columns",
        "a projection names columns that are not there",
        "Key, order and the target's contract name columns of the source product, and key "
        "and order are not empty. Nothing was published.",
    ),
    Code(
        "usage.projection_masked",
        "a projection would mask twice",
        "The source of a projection is a product, so its personal data is masked already; "
        "masking it again would make other values of it at every run. Mask in the source's "
        "contract.",
    ),
    Code(
        "usage.run_unfinished",
        "a run was asked for its report too early",
        "The report of a run exists when all of its batches were pulled.",
    ),
    Code(
        "usage.two_versions",
        "two versions are asked for at once",
        "version and as_of both choose what is read; give one of them.",
    ),
    Code(
        "usage.unknown_adapter",
        "there is no such destination",
        "The adapter that mesh.toml names is not one of those that this meshgate has.",
    ),
    Code(
        "usage.unknown_code",
        "no error has this code",
        "`meshgate explain` was asked about a code that does not exist. Without a code it "
        "lists them all.",
    ),
    Code(
        "usage.unknown_domain",
        "the mesh has no such domain",
        "mesh.toml lists the domains with their publishers, and the contract or the caller "
        "names another. A mesh without any domains takes every name.",
    ),
    Code(
        "usage.unknown_reference",
        "no foreign key points to this reference data",
        "Data was passed under a name that no foreign key of the contract uses. Nothing was read: "
        "the name is a slip, or the contract lost its clause.",
    ),
    Code(
        "usage.workers_differ",
        "a worker does not run the driver's plan",
        "A worker of a distributed engine has another version of meshgate, or finds another key "
        "under the same reference. Its masks would not agree with those of the others. Nothing was "
        "published.",
    ),
)
