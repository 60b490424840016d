//! The bounds on policies, their data, their input and their evaluation: each a named knob.

use serde::Deserialize;

/// Bounds; the defaults hold for hostile policies too.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Wall-clock budget of one decision over all packages, in milliseconds.
    pub time_ms: u64,
    /// Wall-clock budget of loading a set, in milliseconds.
    pub load_ms: u64,
    /// Bytes of one module.
    pub max_file_bytes: usize,
    /// Lines of one module.
    pub max_lines: usize,
    /// Characters of one line.
    pub max_columns: u32,
    /// Bytes of all modules together.
    pub max_total_bytes: usize,
    /// Modules of a set.
    pub max_modules: usize,
    /// Rules of a set.
    pub max_rules: usize,
    /// Statements of one body: what orders them takes the square of their number.
    pub max_statements: usize,
    /// Nesting of `[` and `{` inside a rule's body: the parser's time doubles with each level.
    pub max_literal_depth: usize,
    /// Depth of one expression's tree.
    pub max_expression_depth: usize,
    /// Depth of the expressions along the longest chain of rules that call each other.
    pub max_call_depth: usize,
    /// Elements that one builtin may produce.
    pub max_elements: usize,
    /// Bytes of a string that one builtin may take or produce.
    pub max_string_bytes: usize,
    /// Bytes of a pattern of `regex` and `glob` builtins.
    pub max_pattern_bytes: usize,
    /// Bytes of the text that a pattern is matched against.
    pub max_subject_bytes: usize,
    /// Bytes of the input document.
    pub max_input_bytes: usize,
    /// Bytes of the data document.
    pub max_data_bytes: usize,
    /// Depth of the input and data documents.
    pub max_json_depth: usize,
    /// Messages of one decision; more are counted, not listed.
    pub max_reasons: usize,
    /// Bytes of one message; the rest is cut off.
    pub max_message_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time_ms: 50,
            load_ms: 5_000,
            max_file_bytes: 1 << 20,
            max_lines: 20_000,
            max_columns: 8_192,
            max_total_bytes: 8 << 20,
            max_modules: 1_000,
            max_rules: 10_000,
            max_statements: 200,
            max_literal_depth: 8,
            max_expression_depth: 64,
            max_call_depth: 512,
            max_elements: 100_000,
            max_string_bytes: 1 << 20,
            max_pattern_bytes: 1_000,
            max_subject_bytes: 64 << 10,
            max_input_bytes: 8 << 20,
            max_data_bytes: 8 << 20,
            max_json_depth: 64,
            max_reasons: 100,
            max_message_bytes: 1_000,
        }
    }
}
