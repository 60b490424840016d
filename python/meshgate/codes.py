"""The table of error codes that Python raises; the engine's own codes come from the engine.

Codes are added, never renamed. ``meshgate explain CODE`` prints a row, and a test compares the
table with what the sources raise.
"""

from __future__ import annotations

from meshgate.errors import Code

CODES: tuple[Code, ...] = (
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
        "characters.",
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
        "policy.log_failed",
        "a decision could not be written to the decision log",
        "The line is not known to be on disk, so the decision counts as a denial, whatever the "
        "policies said. It does not mean that they denied. Free space or permissions, and "
        "publish again.",
    ),
    Code(
        "policy.unreadable",
        "a file or folder of policies cannot be read",
        "It does not exist, cannot be opened, is not UTF-8 text, or is a link that leads out of "
        "its folder. Nothing is published without the policies that were configured.",
    ),
    Code(
        "stage.output_failed",
        "a file could not be written",
        "A file that a command was to write, with rows that were read or the files of a new "
        "mesh, could not be written or completed. No half-written output was left behind, and "
        "nothing was published by it.",
    ),
    Code(
        "usage.bad_option",
        "the command line cannot be understood",
        "A command, option or argument is unknown, missing or of the wrong form. Nothing was "
        "read; --help of the command lists what it takes.",
    ),
    Code(
        "usage.file_exists",
        "the output file exists already",
        "Commands never overwrite a file that they did not make in the same run. Name another "
        "one, or remove it.",
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
        "usage.phase",
        "there is no such phase",
        "A decision about a publication is asked for before the data is read (`before_data`) or "
        "before the commit (`before_commit`). It concerns callers of the Python interface only.",
    ),
    Code(
        "usage.unknown_code",
        "no error has this code",
        "`meshgate explain` was asked about a code that does not exist. Without a code it "
        "lists them all.",
    ),
)
