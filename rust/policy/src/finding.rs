//! What loading a policy set finds, and the codes of findings and denials, in one table.

use serde::Serialize;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $title:literal;)+) => {
        /// A stable code. Codes are added, never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as users see it, such as `policy.unknown_input`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// One line: what is wrong.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What the code means, what it does not mean, and what to do.
            pub fn explanation(self) -> String {
                let lines: &[&str] = match self { $(Self::$variant => &[$($doc),+],)+ };
                lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
            }
        }
    };
}

codes! {
    /// A call has another number of arguments than its function. One more than the function has
    /// is accepted: it takes the result, as in `walk(x, [path, value])`.
    Arity = "policy.arity", "a call has the wrong number of arguments";
    /// The data document that policies may read as `data` is not one JSON object: it is no JSON,
    /// a key appears twice, a number is beyond a double, or it is larger or deeper than a bound.
    BadData = "policy.bad_data", "the data of the policies cannot be used";
    /// The document that is to be decided about is not one JSON object within the bounds. It is a
    /// denial: nobody can say what the policies would have answered.
    BadInput = "policy.bad_input", "the input of the policies cannot be used";
    /// A package is not named by plain words, or a rule, an argument or a variable takes the name
    /// `input` or `data`, which would hide the document from everybody who reads the rule.
    BadName = "policy.bad_name", "a name cannot be used in a policy";
    /// A rule that produces members or a value has several bodies, one after the other, or an
    /// `else` beside members. The engine would lose results without a word. Write one rule for
    /// each body; that means the same.
    ChainedBodies = "policy.chained_bodies", "a rule with results has several bodies";
    /// A rule lies on the path of another package, such as `b.deny` in package `a` beside a package
    /// `a.b`, or a name is a function in one place and a rule in another. The engine would mix
    /// them, and one of them would not be asked.
    Collision = "policy.collision", "two definitions claim the same path";
    /// The data document holds a value at, above or below the path of a rule. The engine would
    /// let the value win, also over a `deny`. Rename one of them.
    DataShadowsRule = "policy.data_shadows_rule", "a value of the data hides a rule";
    /// A `deny` or `violation` rule gave this reason. It is an outcome, not a fault: the message
    /// was written by the author of the policy, whose file and line stand beside it.
    Denied = "policy.denied", "a policy denies";
    /// Two modules of one set have the same name, so nobody could tell which one decided.
    DuplicateModule = "policy.duplicate_module", "two modules have the same name";
    /// A rule failed while it was evaluated: a builtin got a value that it cannot take, or two
    /// rules gave different values. It is a denial, not a verdict about the product; the place
    /// names the expression.
    EvaluationFailed = "policy.evaluation_failed", "a policy could not be evaluated";
    /// A policy calls a builtin that would reach the network or the environment, is random, or
    /// cannot be bounded. Decisions depend on their input and the frozen clock only.
    ForbiddenBuiltin = "policy.forbidden_builtin", "a builtin is not available";
    /// A function of another package is called through an import, which the engine does not
    /// resolve. Write its full path, such as `data.lib.f(x)`. Imported rules work.
    ImportCall = "policy.import_call", "a function is called through an import";
    /// The modules are Rego, but the engine cannot compile the set: a variable never gets a
    /// value, or rules of one name contradict each other.
    Invalid = "policy.invalid", "the rules do not compile";
    /// An evaluation would have produced or visited more than a bound allows, such as a range of
    /// a million numbers. It is a denial. Each bound is a knob of the limits.
    Limit = "policy.limit", "a policy met a bound of size";
    /// A policy replaces a function by `with`. Nobody could say from its text what it does, so only
    /// tests may. Builtins cannot be replaced at all.
    MockedFunction = "policy.mocked_function", "a function is replaced by `with`";
    /// Brackets or operators are nested deeper than the parser can be trusted with: its time
    /// doubles with each level. Give the inner parts names of their own.
    Nesting = "policy.nesting", "an expression is nested too deeply";
    /// A rule that has to be `true` for this publication or read is false, undefined, or not a
    /// boolean. Text such as "true" is not `true`.
    NotAllowed = "policy.not_allowed", "no policy allows it";
    /// The set was loaded with errors, so every question is answered with a denial. Correct what
    /// the findings name.
    NotLoaded = "policy.not_loaded", "the policies hold errors";
    /// The engine failed in a way that is a bug, of the engine or of meshgate. It is a denial.
    /// Please report the policy and the shape of its input.
    Panic = "policy.panic", "the policy engine failed";
    /// A policy calls `print`. Nothing is printed here: policies run inside of other people's
    /// programs. Remove the call.
    PrintIgnored = "policy.print_ignored", "`print` does nothing";
    /// A rule depends on itself, directly or through others, so it has no value.
    Recursion = "policy.recursion", "a rule depends on itself";
    /// `import input` without an alias says nothing, and makes the engine write to the terminal.
    RedundantImport = "policy.redundant_import", "an import says nothing";
    /// A module declares a package that belongs to the policies shipped with meshgate. Rules in
    /// it could weaken them. Choose another package; its `deny` rules count as much.
    ReservedPackage = "policy.reserved_package", "a package is reserved";
    /// A module is neither Rego v1 nor v0. The place is where reading it as v1 stopped. String
    /// interpolation, `and` and `or` are not part of this engine's Rego.
    Syntax = "policy.syntax", "a module is not Rego";
    /// The policies took longer than the budget of a decision, each time it was tried. It is a
    /// denial. Simplify the rule, or raise `limits.time_ms`.
    Timeout = "policy.timeout", "the policies took too long";
    /// The rules use each other in a chain that is longer than the engine's stack can be trusted
    /// with.
    TooDeep = "policy.too_deep", "the rules depend on each other too deeply";
    /// A module, the whole set, a line or a number is larger than its bound. Each bound is a knob
    /// of the limits.
    TooLarge = "policy.too_large", "a policy is too large";
    /// The message of a denial is built from a part of the input that may be missing. Then the
    /// message is undefined, and the denial silently does not happen. Ask for the part in the
    /// rule's condition, or leave it out of the message.
    UncertainMessage = "policy.uncertain_message", "a denial may lose its message";
    /// The configuration requires a package or rule that no loaded policy defines. Nothing could
    /// ever be published; correct the name, or add the policy.
    UnknownEntryPoint = "policy.unknown_entry_point", "a required policy does not exist";
    /// A function that a policy calls is neither defined in the set nor a builtin of this engine.
    UnknownFunction = "policy.unknown_function", "no function has this name";
    /// A policy reads a path that the documented input does not have. Under `not`, such a typo
    /// would silently allow. The help names the nearest path.
    UnknownInput = "policy.unknown_input", "the input has no such path";
}

/// Whether a finding keeps the set from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The set cannot be used: every decision is a denial.
    Error,
    /// The set can be used.
    Warning,
}

/// One thing that is wrong with a set, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable code.
    pub code: Code,
    /// Whether it keeps the set from being used.
    pub severity: Severity,
    /// Name of the module, or empty when the set as a whole is meant.
    pub file: String,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column, from 1.
    pub column: Option<u32>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Finding {
    /// An error of this code in this module.
    pub fn error(code: Code, file: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            file: file.to_owned(),
            line: None,
            column: None,
            message: message.into(),
            help: None,
        }
    }

    /// The same as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Adds line and column, both from 1.
    #[must_use]
    pub fn at(mut self, line: u32, column: u32) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The finding as JSON: `{code, severity, file, line, column, message, help}`.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "code": self.code.as_str(),
            "severity": self.severity,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "help": self.help,
        })
    }
}

/// The candidate nearest to `name` by edit distance, when it is near enough to be a typo.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(steps, _)| *steps <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edit distance with transpositions of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let above = rows.last().and_then(|r| r.get(j + 1)).copied().unwrap_or(0);
            let corner = rows.last().and_then(|r| r.get(j)).copied().unwrap_or(0);
            let left = row.get(j).copied().unwrap_or(0);
            let mut best = (above + 1).min(left + 1).min(corner + usize::from(x != y));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                let earlier = rows.get(i - 1).and_then(|r| r.get(j - 1)).copied().unwrap_or(0);
                best = best.min(earlier + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows.last().and_then(|r| r.last()).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("shcema", ["schema", "report"]), Some("schema"));
        assert_eq!(nearest("encyption", ["encryption", "storage"]), Some("encryption"));
        assert_eq!(nearest("zzz", ["schema", "report"]), None);
    }

    #[test]
    fn codes_are_sorted_and_unique() {
        let codes: Vec<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert!(codes.windows(2).all(|w| w[0] < w[1]));
    }
}
