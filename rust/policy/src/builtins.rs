//! Builtins that are blocked, frozen, bounded or corrected. The engine asks an extension before its
//! own builtin, and an erroring extension stays an error even under `not`.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use anyhow::{anyhow, Result};
use regorus::unstable::{Expr, Ref, Source, Span, BUILTINS};
use regorus::{Engine, Value};

use crate::guard::number_is_bounded;
use crate::json::{self, bounded_number, Budget};
use crate::limits::Limits;

/// Builtins that are refused when a module is loaded, with the reason; they also fail when called.
const FORBIDDEN: &[(&str, u8, &str)] = &[
    ("graph.reachable_paths", 2, "the number of paths has no bound"),
    ("http.send", 1, "policies do not reach the network"),
    ("net.lookup_ip_addr", 1, "policies do not reach the network"),
    ("opa.runtime", 0, "policies do not see the environment"),
    ("rand.intn", 2, "decisions are reproducible"),
    ("rego.parse_module", 2, "policies do not load policies"),
    ("trace", 1, "there is no trace to write to"),
    ("uuid.parse", 1, "it is not part of this engine"),
    ("uuid.rfc4122", 1, "decisions are reproducible"),
];

/// Why a builtin is refused, or `None`.
pub(crate) fn forbidden(name: &str) -> Option<&'static str> {
    let found = FORBIDDEN.iter().find(|(known, ..)| *known == name);
    found.map(|(_, _, reason)| *reason)
}

thread_local! {
    /// The clock of the decision that this thread is making, in ns since 1970 UTC.
    static NOW_NS: Cell<i64> = const { Cell::new(0) };
    /// Whether a bound was met during the evaluation that this thread is making.
    static LIMIT_MET: Cell<bool> = const { Cell::new(false) };
}

/// Freezes the clock of this thread's next evaluation and forgets that a bound was met.
pub(crate) fn begin(now_ns: i64) {
    NOW_NS.set(now_ns);
    LIMIT_MET.set(false);
}

/// Whether a bound was met since [`begin`].
pub(crate) fn limit_met() -> bool {
    LIMIT_MET.get()
}

type Check = fn(&[Value], &Limits) -> Option<()>;

const BOUNDED: &[(&str, Check)] = &[
    ("array.concat", two_collections),
    ("bits.lsh", shift),
    ("concat", concat),
    ("format_int", all_small),
    ("glob.match", pattern),
    ("glob.quote_meta", all_small),
    ("indexof_n", needle),
    ("intersection", all_small),
    ("json.filter", all_small),
    ("json.is_valid", all_small),
    ("json.marshal", all_small),
    ("json.marshal_with_options", all_small),
    ("json.remove", all_small),
    ("net.cidr_expand", cidr),
    ("numbers.range", range),
    ("numbers.range_step", range),
    ("object.union", all_small),
    ("object.union_n", all_small),
    ("product", product),
    ("regex.find_all_string_submatch_n", pattern),
    ("regex.find_n", pattern),
    ("regex.is_valid", pattern),
    ("regex.match", pattern),
    ("regex.replace", regex_replace),
    ("regex.split", pattern),
    ("regex.template_match", pattern),
    ("replace", replace),
    ("sort", all_small),
    ("split", all_small),
    ("sprintf", sprintf),
    ("strings.replace_n", replace_n),
    ("sum", all_small),
    ("to_number", number_text),
    ("union", all_small),
    ("units.parse", number_text),
    ("units.parse_bytes", number_text),
    ("walk", all_small),
];

/// Adds all extensions to an engine.
pub(crate) fn install(engine: &mut Engine, limits: &Arc<Limits>) -> Result<()> {
    for (name, arity, _) in FORBIDDEN {
        let refuse = move |_: Vec<Value>| Err(anyhow!("forbidden"));
        engine.add_extension((*name).to_owned(), *arity, Box::new(refuse))?;
    }
    let now = |_: Vec<Value>| Ok(Value::from(NOW_NS.get()));
    engine.add_extension("time.now_ns".to_owned(), 0, Box::new(now))?;
    let count = |args: Vec<Value>| count_text(&args);
    engine.add_extension("strings.count".to_owned(), 2, Box::new(count))?;
    let bounds = Arc::clone(limits);
    let parse = move |args: Vec<Value>| unmarshal(&args, &bounds);
    engine.add_extension("json.unmarshal".to_owned(), 1, Box::new(parse))?;
    for (name, check) in BOUNDED {
        let Some((builtin, arity)) = BUILTINS.get(name) else {
            continue;
        };
        let (limits, builtin, check) = (Arc::clone(limits), *builtin, *check);
        let bounded = move |args: Vec<Value>| {
            if check(&args, &limits).is_none() {
                LIMIT_MET.set(true);
                return Err(anyhow!("limit"));
            }
            let (span, params) = placeholder();
            let params = params.get(..args.len()).unwrap_or(params);
            builtin(span, params, &args, true).inspect_err(|error| {
                if error.downcast_ref::<regorus::LimitError>().is_some() {
                    LIMIT_MET.set(true);
                }
            })
        };
        engine.add_extension((*name).to_owned(), *arity, Box::new(bounded))?;
    }
    Ok(())
}

/// A place for builtins that want one; what they say about it is never shown.
fn placeholder() -> &'static (Span, Vec<Ref<Expr>>) {
    static PLACE: OnceLock<(Span, Vec<Ref<Expr>>)> = OnceLock::new();
    PLACE.get_or_init(|| {
        // An empty source is within every bound.
        #[allow(clippy::expect_used)]
        let source = Source::from_contents("builtin".to_owned(), String::new()).expect("empty");
        let span = Span { source, line: 1, col: 1, start: 0, end: 0 };
        let null = || Ref::new(Expr::Null { span: span.clone(), value: Value::Null, eidx: 0 });
        let params = std::iter::repeat_with(null).take(8).collect();
        (span, params)
    })
}

fn text(args: &[Value], at: usize) -> Option<&str> {
    match args.get(at) {
        Some(Value::String(text)) => Some(text.as_ref()),
        _ => None,
    }
}

fn within(size: usize, bound: usize) -> Option<()> {
    (size <= bound).then_some(())
}

/// Every argument, visited as a tree, has a bounded size.
fn all_small(args: &[Value], limits: &Limits) -> Option<()> {
    let mut budget = Budget::new(limits.max_elements, limits.max_string_bytes);
    args.iter().try_for_each(|arg| budget.visit(arg))
}

fn two_collections(args: &[Value], limits: &Limits) -> Option<()> {
    let size = |v: &Value| match v {
        Value::Array(items) => items.len(),
        _ => 0,
    };
    within(args.iter().map(size).sum(), limits.max_elements)
}

fn shift(args: &[Value], _: &Limits) -> Option<()> {
    args.iter().try_for_each(|arg| bounded_number(arg).map(|_| ()))?;
    let by = args.get(1).and_then(bounded_number)?;
    (0.0..=1024.0).contains(&by).then_some(())
}

fn concat(args: &[Value], limits: &Limits) -> Option<()> {
    let delimiter = text(args, 0).map_or(0, str::len);
    let sizes = |items: &mut dyn Iterator<Item = &Value>| -> usize {
        items.fold(0usize, |sum, item| match item {
            Value::String(s) => sum.saturating_add(s.len()).saturating_add(delimiter),
            _ => sum,
        })
    };
    let size = match args.get(1) {
        Some(Value::Array(items)) => sizes(&mut items.iter()),
        Some(Value::Set(items)) => sizes(&mut items.iter()),
        _ => 0,
    };
    within(size, limits.max_string_bytes)
}

fn pattern(args: &[Value], limits: &Limits) -> Option<()> {
    within(text(args, 0).map_or(0, str::len), limits.max_pattern_bytes)?;
    for arg in args.iter().skip(1) {
        if let Value::String(subject) = arg {
            within(subject.len(), limits.max_subject_bytes)?;
        }
    }
    Some(())
}

/// `regex.replace(text, pattern, value)`: the pattern stands second.
fn regex_replace(args: &[Value], limits: &Limits) -> Option<()> {
    let (subject, value) = (text(args, 0).map_or(0, str::len), text(args, 2).map_or(0, str::len));
    within(text(args, 1).map_or(0, str::len), limits.max_pattern_bytes)?;
    within(subject, limits.max_subject_bytes)?;
    within((subject + 1).saturating_mul(value + 1), limits.max_string_bytes)
}

fn needle(args: &[Value], limits: &Limits) -> Option<()> {
    within(text(args, 0).map_or(0, str::len), limits.max_string_bytes)?;
    (text(args, 1) != Some("")).then_some(())
}

fn grown(subject: &str, old: &str, new: &str) -> usize {
    let matches = if old.is_empty() { subject.len() + 1 } else { subject.matches(old).count() };
    subject.len().saturating_add(matches.saturating_mul(new.len()))
}

fn replace(args: &[Value], limits: &Limits) -> Option<()> {
    let (Some(subject), Some(old), Some(new)) = (text(args, 0), text(args, 1), text(args, 2))
    else {
        return Some(());
    };
    within(subject.len(), limits.max_string_bytes)?;
    within(grown(subject, old, new), limits.max_string_bytes)
}

fn replace_n(args: &[Value], limits: &Limits) -> Option<()> {
    let (Some(Value::Object(pairs)), Some(subject)) = (args.first(), text(args, 1)) else {
        return Some(());
    };
    within(subject.len(), limits.max_string_bytes)?;
    let mut longest = 1usize;
    for (old, new) in pairs.iter() {
        if let (Value::String(old), Value::String(new)) = (old, new) {
            // One replacement may create matches of the next, so growth multiplies.
            let least = old.len().max(1);
            longest = longest.saturating_mul(new.len().div_ceil(least).max(1));
        }
    }
    within((subject.len() + 1).saturating_mul(longest), limits.max_string_bytes)
}

fn sprintf(args: &[Value], limits: &Limits) -> Option<()> {
    let format = text(args, 0).unwrap_or_default();
    let mut widths = 0usize;
    for digits in format.split(|c: char| !c.is_ascii_digit()).filter(|d| !d.is_empty()) {
        widths = widths.saturating_add(digits.parse().unwrap_or(usize::MAX));
    }
    // Digits outside of a verb count too; that only makes the bound stricter.
    if format.contains('%') {
        within(widths, limits.max_string_bytes)?;
    }
    all_small(args, limits)
}

fn number_text(args: &[Value], _: &Limits) -> Option<()> {
    match text(args, 0) {
        Some(text) => number_is_bounded(text.trim()).then_some(()),
        None => Some(()),
    }
}

fn product(args: &[Value], limits: &Limits) -> Option<()> {
    let count = match args.first() {
        Some(Value::Array(items)) => items.len(),
        Some(Value::Set(items)) => items.len(),
        _ => 0,
    };
    within(count, 1_000)?;
    all_small(args, limits)
}

fn range(args: &[Value], limits: &Limits) -> Option<()> {
    let mut numbers = args.iter().map(bounded_number);
    let (Some(Some(from)), Some(Some(to))) = (numbers.next(), numbers.next()) else {
        return args.iter().all(|a| !matches!(a, Value::Number(_))).then_some(());
    };
    let step = numbers.next().flatten().unwrap_or(1.0).abs().max(1.0);
    ((to - from).abs() / step <= limits.max_elements as f64).then_some(())
}

fn cidr(args: &[Value], limits: &Limits) -> Option<()> {
    let Some((address, prefix)) = text(args, 0).and_then(|t| t.split_once('/')) else {
        return Some(());
    };
    let bits: u32 = if address.contains(':') { 128 } else { 32 };
    let free = bits.saturating_sub(prefix.trim().parse().unwrap_or(0));
    let hosts = 1usize.checked_shl(free)?;
    within(hosts, limits.max_elements)
}

/// Counts like OPA does: matches that do not overlap, and one more than characters for `""`.
fn count_text(args: &[Value]) -> Result<Value> {
    let (Some(subject), Some(part)) = (text(args, 0), text(args, 1)) else {
        return Err(anyhow!("not text"));
    };
    let count =
        if part.is_empty() { subject.chars().count() + 1 } else { subject.matches(part).count() };
    Ok(Value::from(count as u64))
}

fn unmarshal(args: &[Value], limits: &Limits) -> Result<Value> {
    let text = text(args, 0).ok_or_else(|| anyhow!("not text"))?;
    if text.len() > limits.max_string_bytes {
        LIMIT_MET.set(true);
        return Err(anyhow!("limit"));
    }
    json::read(text, limits.max_string_bytes, limits.max_json_depth)
        .map_err(|refused| anyhow!(refused.0))
}
